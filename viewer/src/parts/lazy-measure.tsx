// Brings the measuring parts when they are needed, so that a page that never measures never loads them.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ClipMeasuring } from "../clip/measuring";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";

type PanelProps = { readonly desk: Desk; readonly onClose: () => void };
type ResultsProps = { readonly desk: Desk };
type MeasuringProps = { readonly measuring: ClipMeasuring };

export function LazyMeasurePanel(props: PanelProps) {
  const Panel = useLater(() => import("./measure-panel").then((part) => part.MeasurePanel));
  if (Panel !== null && Panel !== "failed") return <Panel {...props} />;
  return (
    <aside class="panel" aria-label={t("measure.title")}>
      <p role="status">{t(Panel === "failed" ? "measure.loadFailed" : "measure.loading")}</p>
      <button type="button" class="button" onClick={props.onClose}>
        {t("help.close")}
      </button>
    </aside>
  );
}

/** Nothing until something was measured. */
export function LazyMeasureResults({ desk }: ResultsProps) {
  const some = desk.consult.marks.value.some(({ mark }) => mark.shape.type === "measure");
  return some ? <Results desk={desk} /> : null;
}

function Results({ desk }: ResultsProps) {
  const List = useLater(() => import("./measure-results").then((part) => part.MeasureResults));
  return List === null || List === "failed" ? null : <List desk={desk} />;
}

/** Nothing until somebody measures on a recording. */
export function LazyReplayMeasure({ measuring }: MeasuringProps) {
  return measuring.inHand.value || measuring.measured.value.length > 0 ? (
    <ReplayPart measuring={measuring} />
  ) : null;
}

function ReplayPart({ measuring }: MeasuringProps) {
  const Part = useLater(() => import("./replay-measure").then((part) => part.ReplayMeasure));
  if (Part !== null && Part !== "failed") return <Part measuring={measuring} />;
  return <p role="status">{t(Part === "failed" ? "measure.loadFailed" : "measure.loading")}</p>;
}

function useLater<Props>(bring: () => Promise<ComponentType<Props>>): ComponentType<Props> | "failed" | null {
  const [part, setPart] = useState<{ readonly is: ComponentType<Props> | "failed" } | null>(null);
  useEffect(() => {
    bring().then(
      (is) => setPart({ is }),
      // The relay was updated under this page, or is away.
      () => setPart({ is: "failed" }),
    );
  }, []);
  return part?.is ?? null;
}
