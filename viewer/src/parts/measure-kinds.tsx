// What can be measured, a button each.

import { t } from "../i18n/i18n";
import { kindWords } from "../live/measure-words";
import type { MeasureHand } from "../marks/measure-hand";
import type { Extent, HeartPhase, MeasureKind, VentricleView } from "../wire/measure";

const SIMPLE: readonly MeasureKind[] = [
  { type: "caliper" },
  { type: "area" },
  { type: "angle" },
  { type: "velocity" },
  { type: "envelope" },
  { type: "slope" },
  { type: "heartRate", beats: 1 },
  { type: "beatStart" },
  { type: "beatEnd", beats: 1 },
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
function kindId(what: MeasureKind): string {
  if (what.type === "ventricle") return `ventricle-${what.view}-${what.phase}`;
  return what.type === "venaCava" ? `venaCava-${what.extent}` : what.type;
}

type KindsProps = {
  readonly measuring: MeasureHand;
  /** The next press on the picture sets a point. */
  readonly inHand: boolean;
  /** Before a kind is chosen. */
  readonly onChoose: () => void;
};

export function MeasureKinds({ measuring, inHand, onChoose }: KindsProps) {
  const task = measuring.task.value;
  const chosen = inHand && task.type === "measure" ? kindId(task.what) : null;
  return (
    <fieldset class="measure__kinds">
      <legend class="unseen">{t("measure.kinds")}</legend>
      {KINDS.map((what) => (
        <button
          key={kindId(what)}
          type="button"
          class="button measure__kind"
          aria-pressed={chosen === kindId(what)}
          data-testid={`measure-${kindId(what)}`}
          onClick={() => {
            onChoose();
            measuring.choose({ type: "measure", what });
          }}
        >
          {kindWords(what)}
        </button>
      ))}
    </fieldset>
  );
}
