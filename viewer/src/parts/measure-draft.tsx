// The measurement in the making: what to do next, its value, the buttons that move its points.
//
// Invariant: whatever a drag does, these buttons do as well.

import type { ComponentChildren } from "preact";
import { m } from "../i18n/measure";
import { frameWords, sourceWords } from "../live/measure-words";
import type { MeasureHand } from "../marks/measure-hand";
import { pointsOf } from "../marks/measure-task";
import { MAX_BEATS } from "../wire/constants";
import type { MeasureKind } from "../wire/measure";
import { AnswerLines } from "./measure-results";

/** More points than this are chosen by stepping through them. */
const MOST_POINT_BUTTONS = 3;

const NUDGES = [
  ["left", "←", -1, 0],
  ["up", "↑", 0, -1],
  ["down", "↓", 0, 1],
  ["right", "→", 1, 0],
] as const;

type HandProps = { readonly measuring: MeasureHand };
type ValueProps = HandProps & {
  /** Where the scale of the value comes from; else its gauge says it. */
  readonly sourceOf?: typeof sourceWords;
};
type DraftProps = ValueProps & {
  /** What a task other than measuring asks for once its points are set. */
  readonly children?: ComponentChildren;
};

export function MeasureDraft({ measuring, sourceOf = sourceWords, children }: DraftProps) {
  const draft = measuring.draft.value;
  const task = measuring.task.value;
  return (
    <section class="measure__draft" aria-label={m("measure.points")} data-testid="measure-draft">
      <p role="status">{todo(measuring)}</p>
      {task.type === "measure" && "beats" in task.what && <Beats measuring={measuring} what={task.what} />}
      {draft !== null && (
        <>
          <Value measuring={measuring} sourceOf={sourceOf} />
          <Points measuring={measuring} />
          <div class="measure__row">
            {NUDGES.map(([name, sign, dx, dy]) => (
              <button
                key={name}
                type="button"
                class="button measure__nudge"
                aria-label={m(`measure.${name}`)}
                data-testid={`nudge-${name}`}
                onClick={() => measuring.nudge(dx, dy)}
              >
                {sign}
              </button>
            ))}
          </div>
          {task.type === "calibrate" && measuring.isComplete() && children}
          <div class="measure__row">
            {task.type === "measure" && (
              <button
                type="button"
                class="button button--primary"
                disabled={!measuring.isComplete()}
                data-testid="measure-place"
                onClick={() => measuring.place()}
              >
                {m("measure.place")}
              </button>
            )}
            <button type="button" class="button" data-testid="measure-back" onClick={() => measuring.back()}>
              {m("measure.back")}
            </button>
            <button type="button" class="button button--quiet" onClick={() => measuring.drop()}>
              {m("measure.cancel")}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function todo(measuring: MeasureHand): string {
  const task = measuring.task.value;
  const count = measuring.draft.value?.points.length ?? 0;
  if (task.type === "calibrate") return m("measure.calibrateHow");
  const [least, most] = pointsOf(task);
  if (count >= least) return m("measure.ready");
  if (task.what.type === "ventricle") return m("measure.setVentricle");
  if (task.what.type === "envelope") return m("measure.setEnvelope");
  if (task.what.type === "beatStart" || task.what.type === "beatEnd") return m("measure.setBeat");
  return most > MOST_POINT_BUTTONS ? m("measure.setOutline") : m("measure.setPoint", { number: count + 1 });
}

function Value({ measuring, sourceOf = sourceWords }: ValueProps) {
  const answer = measuring.answerNow.value;
  const gauge = measuring.host.gauge();
  if (answer === null || gauge === null) return null;
  return (
    <div role="status" data-testid="measure-value">
      <AnswerLines answer={answer} gauge={gauge} sourceOf={sourceOf} />
      <p class="quiet">{frameWords(gauge)}</p>
    </div>
  );
}

function Points({ measuring }: HandProps) {
  const draft = measuring.draft.value;
  if (draft === null) return null;
  const count = draft.points.length;
  if (count <= MOST_POINT_BUTTONS)
    return (
      <fieldset class="measure__row">
        <legend class="unseen">{m("measure.points")}</legend>
        {draft.points.map((_, index) => (
          <button
            key={index}
            type="button"
            class="button"
            aria-pressed={draft.active === index}
            onClick={() => measuring.choosePoint(index)}
          >
            {m("measure.point", { number: index + 1 })}
          </button>
        ))}
      </fieldset>
    );
  return (
    <div class="measure__row">
      <button type="button" class="button" onClick={() => measuring.choosePoint(draft.active - 1)}>
        {m("measure.pointBefore")}
      </button>
      <span>{m("measure.pointOf", { number: draft.active + 1, count })}</span>
      <button type="button" class="button" onClick={() => measuring.choosePoint(draft.active + 1)}>
        {m("measure.pointNext")}
      </button>
    </div>
  );
}

type BeatsProps = HandProps & { readonly what: Extract<MeasureKind, { readonly beats: number }> };

/** Whole cycles between the two points, or the two frames. */
function Beats({ measuring: { task }, what }: BeatsProps) {
  return (
    <label class="measure__row">
      <span>{m("measure.beats")}</span>
      <input
        class="field measure__number"
        type="number"
        inputMode="numeric"
        min={1}
        max={MAX_BEATS}
        step={1}
        value={what.beats}
        onInput={(event) => {
          const count = event.currentTarget.valueAsNumber;
          if (Number.isInteger(count) && count >= 1 && count <= MAX_BEATS)
            task.value = { type: "measure", what: { ...what, beats: count } };
        }}
      />
    </label>
  );
}
