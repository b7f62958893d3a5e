// 計測: what can be measured, the measurement in the making, the scale, and what was measured.
//
// Loaded when somebody opens it. Shows and calls the desk's intents; values come from `measure/`. Invariant: every value
// stands with its unit, the source of its scale and its frame, and every drag has a button beside it.

import { useEffect } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { kindWords } from "../live/measure-words";
import { whyNotMeasure } from "../live/why";
import type { Extent, HeartPhase, MeasureKind, VentricleView } from "../wire/measure";
import { MeasureDraft } from "./measure-draft";
import { MeasureResults } from "./measure-results";
import { MeasureScale } from "./measure-scale";

const SIMPLE: readonly MeasureKind[] = [
  { type: "caliper" },
  { type: "area" },
  { type: "angle" },
  { type: "velocity" },
  { type: "envelope" },
  { type: "heartRate", beats: 1 },
];
const VIEWS: readonly VentricleView[] = ["a4c", "a2c"];
const PHASES: readonly HeartPhase[] = ["endDiastole", "endSystole"];
const EXTENTS: readonly Extent[] = ["largest", "smallest"];
const KINDS: readonly MeasureKind[] = [
  ...SIMPLE,
  ...VIEWS.flatMap((view) => PHASES.map((phase): MeasureKind => ({ type: "ventricle", view, phase }))),
  ...EXTENTS.map((extent): MeasureKind => ({ type: "venaCava", extent })),
];

/** The name of a kind, its variant included. */
export function kindId(what: MeasureKind): string {
  if (what.type === "ventricle") return `ventricle-${what.view}-${what.phase}`;
  return what.type === "venaCava" ? `venaCava-${what.extent}` : what.type;
}

export function MeasurePanel({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const { measuring, hand } = desk;
  useEffect(() => {
    measuring.load();
    hand.choose("measure");
    return () => {
      if (hand.tool.peek() === "measure") hand.choose("pointer");
    };
  }, [measuring, hand]);
  const why = whyNotMeasure(desk);
  return (
    <aside class="panel measure" aria-label={t("measure.title")} data-testid="measure-panel">
      <header class="panel__head">
        <h2>{t("measure.title")}</h2>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {t("help.close")}
        </button>
      </header>
      {why === null ? (
        <MeasureDraft desk={desk} />
      ) : (
        <p class="measure__why" role="note" data-testid="measure-why">
          {why}
        </p>
      )}
      <MeasureScale desk={desk} />
      <fieldset class="measure__kinds">
        <legend class="unseen">{t("measure.kinds")}</legend>
        {KINDS.map((what) => (
          <KindButton key={kindId(what)} desk={desk} what={what} />
        ))}
      </fieldset>
      <MeasureResults desk={desk} />
    </aside>
  );
}

function KindButton({ desk, what }: { desk: Desk; what: MeasureKind }) {
  const { measuring, hand } = desk;
  const task = measuring.task.value;
  const inHand = hand.tool.value === "measure" && task.type === "measure";
  return (
    <button
      type="button"
      class="button measure__kind"
      aria-pressed={inHand && kindId(task.what) === kindId(what)}
      data-testid={`measure-${kindId(what)}`}
      onClick={() => {
        hand.choose("measure");
        measuring.choose({ type: "measure", what });
      }}
    >
      {kindWords(what)}
    </button>
  );
}
