// Brings the measuring parts when they are needed, so that a page that never measures never loads them.

import type { ClipMeasuring } from "../clip/measuring";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { useLater } from "./later";

type PanelProps = { readonly desk: Desk; readonly onClose: () => void };
type ResultsProps = { readonly desk: Desk };
type MeasuringProps = { readonly measuring: ClipMeasuring; readonly isPaired: boolean };

const loadPanel = async () => (await import("./measure-panel")).MeasurePanel;
const loadResults = async () => (await import("./measure-results")).MeasureResults;
const loadReplayPart = async () => (await import("./replay-measure")).ReplayMeasure;

export function LazyMeasurePanel(props: PanelProps) {
  const { part: Panel, failed } = useLater(loadPanel, true);
  if (Panel !== null) return <Panel {...props} />;
  return (
    <aside class="panel" aria-label={t("measure.title")}>
      <p role="status">{t(failed ? "measure.loadFailed" : "measure.loading")}</p>
      <button type="button" class="button" onClick={props.onClose}>
        {t("help.close")}
      </button>
    </aside>
  );
}

/** Nothing until something was measured, and nothing where nobody measures. */
export function LazyMeasureResults({ desk }: ResultsProps) {
  const { consult, measuring } = desk;
  const some = measuring.isOn && consult.marks.value.some(({ mark }) => mark.shape.type === "measure");
  return some ? <Results desk={desk} /> : null;
}

function Results({ desk }: ResultsProps) {
  const { part: List } = useLater(loadResults, true);
  return List === null ? null : <List desk={desk} />;
}

/** Nothing until somebody measures on a recording. */
export function LazyReplayMeasure(props: MeasuringProps) {
  const { inHand, measured } = props.measuring;
  return inHand.value || measured.value.length > 0 ? <ReplayPart {...props} /> : null;
}

function ReplayPart(props: MeasuringProps) {
  const { part: Part, failed } = useLater(loadReplayPart, true);
  if (Part !== null) return <Part {...props} />;
  return <p role="status">{t(failed ? "measure.loadFailed" : "measure.loading")}</p>;
}
