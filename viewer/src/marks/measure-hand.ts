// The hand that measures: places, moves and nudges the points of one measurement on a picture that stands still.
//
// Owns the task in hand, the points in the making and bringing the rules that give values (`measure/`, only when they are
// needed). It knows neither consult nor clip: whoever holds it says which frame the picture is, with which scale, and
// takes what was measured. Invariant: points belong to the frame that they were begun on, and go when it goes.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Answer } from "../measure/answer";
import { distance, exactPoint, type PicturePoint, type Size, type StagePoint } from "../stage/points";
import { simplify } from "../stage/simplify";
import type { Stage } from "../stage/stage";
import { MAX_MEASURE_POINTS } from "../wire/constants";
import type { AnnotationId } from "../wire/ids";
import type { Gauge, MeasureKind } from "../wire/measure";
import { type Draft, type FrameName, pointsOf, type Task } from "./measure-task";

/** A measurement whose points are all set. */
export type Made = {
  readonly what: MeasureKind;
  readonly points: readonly PicturePoint[];
  /** The own mark that this one takes the place of. */
  readonly replaces: AnnotationId | null;
};

export type MeasureHost = {
  readonly stage: () => Stage | null;
  /** The frame that a measurement would belong to now; null when nothing may be measured. */
  readonly ground: () => FrameName | null;
  /** What it would be measured with. */
  readonly gauge: () => Gauge | null;
  readonly take: (made: Made) => void;
  /** Said when somebody tries to measure and nothing may be measured. */
  readonly explain: () => void;
  /** Said when all points are placed and somebody taps elsewhere. */
  readonly explainFull: () => void;
};

/** The rules, once they are here. */
export type Rules = {
  readonly answer: (what: MeasureKind, points: readonly PicturePoint[], gauge: Gauge) => Answer;
};

/** How far from a point a finger still means it, in CSS pixels; nearer while there are points to set beside it. */
const GRAB_PX = 24;
const GRAB_WHILE_SETTING_PX = 10;
/** A press that moves less than this places a point; more, and it draws. */
const DRAG_PX = 8;
/** Points of a trace closer than this say nothing new, in CSS pixels. */
const TRACE_STEP_PX = 2;

export class MeasureHand {
  readonly task = signal<Task>({ type: "measure", what: { type: "caliper" } });
  readonly draft = signal<Draft | null>(null);
  /** The rules that give values; null until they are needed and here. */
  readonly rules: ReadonlySignal<Rules | null>;
  readonly #rules = signal<Rules | null>(null);
  #loading = false;
  /** A trace grows under the pen: its value is computed when the pen is lifted. */
  readonly #tracing = signal(false);
  /** What the points in the making say; null until there are enough of them. */
  readonly answerNow: ReadonlySignal<Answer | null>;
  #press: {
    readonly from: StagePoint;
    readonly index: number;
    readonly isNew: boolean;
    dragged: boolean;
  } | null = null;

  constructor(readonly host: MeasureHost) {
    this.rules = this.#rules;
    this.answerNow = computed(() => this.#answerNow());
  }

  /** Brings the rules; a page that never measures never loads them. */
  load(): void {
    if (this.#loading || this.#rules.peek() !== null) return;
    this.#loading = true;
    import("../measure/answer").then(
      (rules) => {
        this.#rules.value = rules;
      },
      () => {
        // The next one who needs them tries again.
        this.#loading = false;
      },
    );
  }

  #answerNow(): Answer | null {
    const [draft, task, rules] = [this.draft.value, this.task.value, this.#rules.value];
    const gauge = this.host.gauge();
    if (draft === null || task.type !== "measure" || rules === null || gauge === null) return null;
    if (this.#tracing.value) return null;
    return this.isComplete() ? rules.answer(task.what, draft.points, gauge) : null;
  }

  /** Whether there are enough points to be placed. */
  isComplete(): boolean {
    return (this.draft.value?.points.length ?? 0) >= pointsOf(this.task.value)[0];
  }

  /** Whether no further point can be set. */
  isFull(): boolean {
    return (this.draft.value?.points.length ?? 0) >= pointsOf(this.task.value)[1];
  }

  // ── intents ──

  choose(task: Task): void {
    this.drop();
    this.task.value = task;
    this.load();
  }

  drop(): void {
    this.#press = null;
    this.#tracing.value = false;
    this.draft.value = null;
  }

  /** The picture is another frame now, or none: what was begun on the one before goes. */
  standsOn(frame: FrameName | null): void {
    const draft = this.draft.peek();
    if (draft !== null && draft.on !== frame) this.drop();
  }

  choosePoint(active: number): void {
    const draft = this.draft.peek();
    if (draft !== null && active >= 0 && active < draft.points.length)
      this.draft.value = { ...draft, active };
  }

  /** Takes back the point that was set last. */
  back(): void {
    const draft = this.draft.peek();
    if (draft === null) return;
    const points = draft.points.slice(0, -1);
    this.draft.value = points.length === 0 ? null : { ...draft, points, active: points.length - 1 };
  }

  /** Moves the active point by pixels of the original. */
  nudge(dx: number, dy: number): void {
    const draft = this.draft.peek();
    const size = this.#size();
    const at = draft?.points[draft.active];
    if (draft === null || size === null || at === undefined) return;
    const to = exactPoint(at.x + dx / size.width, at.y + dy / size.height);
    this.#move(draft, draft.active, to);
    this.host.stage()?.reveal(to);
  }

  /** Gives away what was measured. True when it was taken. */
  place(): boolean {
    const [draft, task] = [this.draft.peek(), this.task.peek()];
    if (draft === null || task.type !== "measure" || !this.isComplete()) return false;
    if (this.host.ground() === null || this.host.gauge() === null) {
      this.host.explain();
      return false;
    }
    this.host.take({ what: task.what, points: draft.points, replaces: draft.replaces });
    this.drop();
    return true;
  }

  /** Takes points in hand again. */
  protected takeUp(what: MeasureKind, draft: Omit<Draft, "active">): void {
    this.choose({ type: "measure", what });
    this.draft.value = { ...draft, active: draft.points.length - 1 };
  }

  // ── pens, fingers, mice ──

  press(at: StagePoint): void {
    const stage = this.host.stage();
    if (stage === null) return;
    const near = this.#pointNear(stage, at);
    if (near !== null) {
      this.#press = { from: at, index: near, isNew: false, dragged: false };
      this.choosePoint(near);
    } else if (stage.covers(at)) {
      const index = this.#add(stage.under(at));
      if (index !== null) this.#press = { from: at, index, isNew: true, dragged: false };
    }
  }

  drag(at: readonly StagePoint[]): void {
    const [stage, press, draft] = [this.host.stage(), this.#press, this.draft.peek()];
    const newest = at.at(-1);
    if (stage === null || press === null || draft === null || newest === undefined) return;
    if (!press.dragged && distance(newest, press.from) < DRAG_PX) return;
    press.dragged = true;
    const most = pointsOf(this.task.peek())[1];
    if (!press.isNew) this.#move(draft, press.index, stage.under(newest));
    else if (most > 3) this.#trace(stage, at);
    else if (most === 2 && press.index === 0) this.#second(draft, stage.under(newest));
    else this.#move(draft, press.index, stage.under(newest));
  }

  lift(at: StagePoint): void {
    // In one: nobody computes with the raw line in between.
    batch(() => {
      this.#lifted(at);
      this.#tracing.value = false;
    });
  }

  #lifted(at: StagePoint): void {
    const [stage, press, size] = [this.host.stage(), this.#press, this.#size()];
    this.#press = null;
    if (stage === null || press === null || size === null || !press.isNew || !press.dragged) return;
    if (pointsOf(this.task.peek())[1] <= 3) return;
    // The very end counts, however near: an outline of the ventricle ends on the annulus.
    const draft = this.#ended(stage.under(at));
    if (draft === null) return;
    // The line that was drawn, made short; points that were tapped before it stay as they are.
    const drawn = simplify(draft.points.slice(press.index), size).slice(0, MAX_MEASURE_POINTS - press.index);
    const points = [...draft.points.slice(0, press.index), ...drawn];
    this.draft.value = { ...draft, points, active: points.length - 1 };
  }

  /** The press was the beginning of something else, a pinch: what it set goes again. */
  cancelPress(): void {
    const [press, draft] = [this.#press, this.draft.peek()];
    this.#press = null;
    this.#tracing.value = false;
    if (press === null || draft === null || !press.isNew) return;
    const points = draft.points.slice(0, press.index);
    this.draft.value = points.length === 0 ? null : { ...draft, points, active: points.length - 1 };
  }

  /** Enter on the stage: sets a point at the cursor, and places the mark when no further point belongs to it. */
  enter(at: PicturePoint): void {
    if (this.draft.peek() !== null && this.isFull()) this.place();
    else this.#add(at);
  }

  // ── points ──

  #add(at: PicturePoint): number | null {
    const on = this.host.ground();
    if (on === null) {
      this.host.explain();
      return null;
    }
    const draft = this.draft.peek() ?? { on, points: [], active: 0, replaces: null };
    if (draft.points.length >= pointsOf(this.task.peek())[1]) {
      this.host.explainFull();
      return null;
    }
    const active = draft.points.length;
    this.draft.value = { ...draft, points: [...draft.points, at], active };
    return active;
  }

  #move(draft: Draft, index: number, to: PicturePoint): void {
    const points = draft.points.map((point, i) => (i === index ? to : point));
    this.draft.value = { ...draft, points, active: index };
  }

  #ended(at: PicturePoint): Draft | null {
    const draft = this.draft.peek();
    const last = draft?.points.at(-1);
    if (draft === null || last === undefined || (last.x === at.x && last.y === at.y)) return draft;
    return { ...draft, points: [...draft.points, at] };
  }

  #second(draft: Draft, to: PicturePoint): void {
    const [first] = draft.points;
    if (first !== undefined) this.draft.value = { ...draft, points: [first, to], active: 1 };
  }

  #trace(stage: Stage, at: readonly StagePoint[]): void {
    const draft = this.draft.peek();
    if (draft === null) return;
    this.#tracing.value = true;
    const points = [...draft.points];
    for (const sample of at) {
      const before = points.at(-1);
      if (before !== undefined && distance(stage.place(before), sample) < TRACE_STEP_PX) continue;
      if (points.length < MAX_TRACE_SAMPLES) points.push(stage.under(sample));
    }
    this.draft.value = { ...draft, points, active: points.length - 1 };
  }

  /** The point under a finger, of a trace only its ends and the active one: the rest is the line itself. */
  #pointNear(stage: Stage, at: StagePoint): number | null {
    const draft = this.draft.peek();
    if (draft === null) return null;
    const few = draft.points.length <= 3;
    const reach = this.isFull() ? GRAB_PX : GRAB_WHILE_SETTING_PX;
    let nearest: { readonly index: number; readonly apart: number } | null = null;
    draft.points.forEach((point, index) => {
      const apart = distance(stage.place(point), at);
      const counts = few || index === draft.active;
      if (counts && apart <= reach && apart < (nearest?.apart ?? Number.POSITIVE_INFINITY))
        nearest = { index, apart };
    });
    return (nearest as { readonly index: number } | null)?.index ?? null;
  }

  #size(): Size | null {
    const gauge = this.host.gauge();
    return gauge === null ? null : { width: gauge.width, height: gauge.height };
  }
}

/** Samples of a trace while it is drawn; it is made short when the pen is lifted. */
const MAX_TRACE_SAMPLES = 8_192;
