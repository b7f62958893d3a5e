// Measuring on the frozen original, for everybody in the consult.
//
// Owns what a measurement belongs to (the frame that everybody stands on), the scale it is measured with, and its way into
// the log; the points are `marks/measure-hand.ts`'s. Called by `hand.ts`, keys and the measuring panel. Invariants: a
// measurement in the making belongs to the frame that everybody stands on, and goes when they move on; where the
// installation does not measure nothing has a value, however it came here.

import { newId } from "../ids";
import type { Ground } from "../marks/drawing";
import { MeasureHand, type MeasureHost } from "../marks/measure-hand";
import type { FrameName } from "../marks/measure-task";
import { sameFrame } from "../marks/visible";
import type { Answer } from "../measure/answer";
import { fromWire } from "../stage/points";
import type { AnnotationId, ScaleId } from "../wire/ids";
import type { Anchor, Annotation, Pen } from "../wire/mark";
import type { Gauge } from "../wire/measure";
import type { MarkState } from "../wire/socket";
import type { Consult } from "./consult";
import { scaleOf } from "./scale-of";

export type MeasuringHost = Pick<MeasureHost, "stage" | "explain" | "explainFull"> & {
  readonly consult: Consult;
  /** The frame that a measurement would belong to now; null when nothing may be measured. */
  readonly ground: () => Ground | null;
  readonly pen: () => Pen;
};

/** Names the frame of an anchor for the hand. */
export function frameName({ stream, rtpTime }: Anchor): FrameName {
  return `${stream} ${rtpTime}` as FrameName;
}

export class Measuring extends MeasureHand {
  readonly #consult: Consult;
  /** Values of marks, which never change: an outline is not measured again for every move of a pointer. */
  readonly #answers = new WeakMap<Annotation, { readonly gauge: Gauge; readonly answer: Answer }>();

  constructor({ consult, ground, pen, ...host }: MeasuringHost) {
    const now = () => {
      const { freeze, scales } = consult.replica.value.state;
      return scaleOf(freeze, scales);
    };
    super({
      ...host,
      ground: () => {
        const on = ground();
        return on === null ? null : frameName(on.anchor);
      },
      gauge: () => now()?.gauge ?? null,
      take: ({ what, points, replaces }) => {
        const [on, by] = [ground(), now()?.by];
        if (on === null || by === undefined) return;
        consult.mark({
          id: newId<AnnotationId>(),
          anchor: on.anchor,
          shape: { type: "measure", what, points: [...points], by },
          pen: pen(),
          drawnOn: "freeze",
          ...(replaces === null ? {} : { replaces }),
        });
      },
    });
    this.#consult = consult;
  }

  // ── what holds now ──

  /** The scale of the frozen picture, with what it makes of one. */
  now(): ReturnType<typeof scaleOf> {
    const { freeze, scales } = this.#consult.replica.value.state;
    return scaleOf(freeze, scales);
  }

  /** Whether this installation shows values at all. */
  get isOn(): boolean {
    return this.#consult.settings.value.measuring;
  }

  /** What a mark is measured with; of an own mark on its way, what the relay will write. Null where nobody measures. */
  gaugeOf({ mark, gauge }: MarkState): Gauge | null {
    if (!this.isOn) return null;
    if (gauge !== undefined) return gauge;
    const { freeze } = this.#consult.replica.value.state;
    return freeze !== null && sameFrame(freeze.anchor, mark.anchor) ? (this.now()?.gauge ?? null) : null;
  }

  /** What a mark says; null for a mark that measures nothing, where nobody measures, and until the rules are here. */
  answerOf(held: MarkState): Answer | null {
    const { shape } = held.mark;
    const gauge = shape.type === "measure" ? this.gaugeOf(held) : null;
    const rules = this.rules.value;
    if (shape.type !== "measure" || gauge === null || rules === null) return null;
    const known = this.#answers.get(held.mark);
    if (known?.gauge === gauge) return known.answer;
    const answer = rules.answer(shape.what, shape.points.map(fromWire), gauge);
    this.#answers.set(held.mark, { gauge, answer });
    return answer;
  }

  // ── intents ──

  /** Takes an own measurement in hand again. */
  adjust({ mark }: MarkState): void {
    const { shape } = mark;
    if (shape.type !== "measure") return;
    const points = shape.points.map(fromWire);
    this.takeUp(shape.what, { on: frameName(mark.anchor), points, replaces: mark.id });
  }

  /** Tells everybody the depth scale that the two points stand on. */
  calibrate(centimetres: number): void {
    const draft = this.draft.peek();
    const freeze = this.#consult.replica.peek().state.freeze;
    const [from, to] = draft?.points ?? [];
    if (freeze === null || from === undefined || to === undefined) return;
    const scale = newId<ScaleId>();
    if (this.#consult.calibrate({ scale, freeze: freeze.freeze, from, to, centimetres }))
      this.choose({ type: "measure", what: { type: "caliper" } });
  }
}
