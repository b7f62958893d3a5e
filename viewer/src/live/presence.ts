// What is shown of others while they move: pointers and half-drawn marks. Nothing of it is stored.
//
// Pure folding of what comes in, and batching of what goes out (one message each `PRESENCE_INTERVAL_MS`, the newest
// position only, sketch points appended by index). Called by `live/consult.ts`.
// Invariant: presence of somebody who is no longer there, or of a mark that is finished, is gone.

import { MAX_SKETCH_POINTS, PRESENCE_INTERVAL_MS } from "../wire/constants";
import type { AnnotationId, SessionId } from "../wire/ids";
import type { Anchor, Pen, Point } from "../wire/mark";
import type { Participant } from "../wire/people";
import type { Pointer, Sketch, SketchForm, ToRelay } from "../wire/socket";
import type { RtpTime } from "../wire/units";

export type Pointers = ReadonlyMap<SessionId, Pointer>;
export type Sketches = ReadonlyMap<AnnotationId, Sketch>;

/** More half-drawn marks at once than people have hands; beyond it new ones are not shown before they are finished. */
const MAX_SKETCHES = 64;

export function withPointers(before: Pointers, moved: readonly Pointer[]): Pointers {
  const after = new Map(before);
  for (const pointer of moved) {
    if (pointer.at === null) after.delete(pointer.session);
    else after.set(pointer.session, pointer);
  }
  return after;
}

/** Appends points by index; a sketch whose beginning was dropped under load starts with what there is. */
export function withSketches(before: Sketches, news: readonly Sketch[]): Sketches {
  const after = new Map(before);
  for (const piece of news) {
    const held = after.get(piece.mark);
    if (piece.points.length === 0) after.delete(piece.mark);
    else if (held === undefined) {
      if (after.size < MAX_SKETCHES) after.set(piece.mark, piece);
    } else after.set(piece.mark, { ...held, points: joined(held, piece) });
  }
  return after;
}

function joined(held: Sketch, piece: Sketch): Point[] {
  const overlap = Math.max(0, held.points.length + held.from - piece.from);
  return [...held.points, ...piece.points.slice(overlap)];
}

export function withoutAbsent<K, V extends { session: SessionId }>(
  before: ReadonlyMap<K, V>,
  people: readonly Participant[],
): ReadonlyMap<K, V> {
  const here = new Set(people.map((person) => person.session));
  const after = new Map([...before].filter(([, item]) => here.has(item.session)));
  return after.size === before.size ? before : after;
}

export function withoutMark(before: Sketches, mark: AnnotationId): Sketches {
  if (!before.has(mark)) return before;
  const after = new Map(before);
  after.delete(mark);
  return after;
}

/** A mark that this page is drawing, as far as others need to know. */
export type OwnSketch = {
  readonly mark: AnnotationId;
  readonly anchor: Anchor;
  readonly pen: Pen;
  readonly form: SketchForm;
  /** Grows while drawing; of an arrow only the first and the newest count. */
  readonly points: readonly Point[];
};

export type OwnPointer = { readonly at: Point | null; readonly rtpTime: RtpTime | null };

/** Hands out the own presence: at once after a pause, else once per interval. */
export class PresenceSender {
  #pointer: OwnPointer | null = null;
  #sketch: OwnSketch | null = null;
  /** Points of the sketch that were sent, by the index that receivers count. */
  #sent = 0;
  /** Of an arrow: the newest point that was sent. */
  #lastPoint: Point | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** `performance.now` of the last batch. */
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(readonly send: (message: ToRelay) => void) {}

  point(pointer: OwnPointer): void {
    this.#pointer = pointer;
    this.#schedule();
  }

  sketch(sketch: OwnSketch): void {
    if (sketch.mark !== this.#sketch?.mark) {
      this.#sent = 0;
      this.#lastPoint = null;
    }
    this.#sketch = sketch;
    this.#schedule();
  }

  /** The pen was lifted. Without a mark, others must be told to forget it. */
  lifted(made: boolean): void {
    const sketch = this.#sketch;
    this.#sketch = null;
    if (sketch !== null && !made && this.#sent > 0) {
      this.send({ type: "sketch", ...head(sketch), from: this.#sent, points: [] });
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#sentAt + PRESENCE_INTERVAL_MS - performance.now();
    if (wait <= 0) {
      this.#flush();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, wait);
  }

  #flush(): void {
    this.#sentAt = performance.now();
    if (this.#pointer !== null) this.send({ type: "point", ...this.#pointer });
    this.#pointer = null;
    const sketch = this.#sketch;
    if (sketch === null) return;
    const points = this.#unsent(sketch);
    if (points.length === 0) return;
    this.send({ type: "sketch", ...head(sketch), from: this.#sent, points });
    this.#sent += points.length;
    if (sketch.form === "stroke" && this.#sent < sketch.points.length) this.#schedule();
  }

  #unsent(sketch: OwnSketch): Point[] {
    if (sketch.form === "stroke") return sketch.points.slice(this.#sent, this.#sent + MAX_SKETCH_POINTS);
    const tail = sketch.points[0];
    const tip = sketch.points.at(-1);
    if (tail === undefined || tip === undefined || tip === this.#lastPoint) return [];
    this.#lastPoint = tip;
    return this.#sent === 0 ? [tail, tip] : [tip];
  }
}

function head({ mark, anchor, pen, form }: OwnSketch): Omit<OwnSketch, "points"> {
  return { mark, anchor, pen, form };
}
