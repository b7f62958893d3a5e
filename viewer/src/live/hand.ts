// The hand that draws and points: turns presses on the stage and keys into marks and presence.
//
// Owns the tool, the pen, the mark in the making and the keyboard's cursor. Pen, finger, mouse and keyboard go through
// the same three steps: begin, extend, finish. Called by `StageInput` and `keys.ts`; sends through the consult.
// Invariant: what is drawn is anchored to the frame that was under the hand at the first touch.

import { signal } from "@preact/signals";
import { newId } from "../ids";
import { begin, type Drawing, extend, finish, type Ground, label } from "../marks/drawing";
import type { Hand } from "../stage/input";
import { type PicturePoint, picturePoint, type StagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";
import type { AnnotationId } from "../wire/ids";
import type { Pen } from "../wire/mark";
import type { Consult } from "./consult";
import type { Measuring } from "./measuring";

export type Tool = "pointer" | "pen" | "arrow" | "label" | "measure";

/** What the hand needs to know of the page around it. */
export type HandHost = {
  readonly consult: Consult;
  readonly stage: () => Stage | null;
  /** The frame that a mark would belong to now; null when nothing may be drawn. */
  readonly ground: () => Ground | null;
  /** A mark is about to be begun: what moves under the pen must stand. */
  readonly begins: () => void;
  /** Said when somebody tries to draw and nothing may be drawn. */
  readonly explain: () => void;
  /** The hand that measures, which has the points of the tool of that name. */
  readonly measuring: Measuring;
};

export type LabelDraft = { readonly ground: Ground; readonly at: PicturePoint };

export class DrawingHand implements Hand {
  readonly tool = signal<Tool>("pointer");
  readonly pen = signal<Pen>("white");
  readonly drawing = signal<Drawing | null>(null);
  /** Where a label was pressed; the words are asked for when the press ends, because a press moves the focus. */
  #labelPlace: LabelDraft | null = null;
  /** Where a label is being written. */
  readonly labelDraft = signal<LabelDraft | null>(null);
  readonly selected = signal<AnnotationId | null>(null);
  /** The keyboard's place; null while pens and mice are in use. */
  readonly cursor = signal<PicturePoint | null>(null);

  constructor(readonly host: HandHost) {}

  choose(tool: Tool): void {
    this.cancel();
    this.labelDraft.value = null;
    this.tool.value = tool;
    if (tool !== "measure") this.host.measuring.drop();
    if (tool !== "pointer") this.selected.value = null;
  }

  /** Takes a pen; whoever points and takes a pen wants to draw. */
  choosePen(pen: Pen): void {
    this.pen.value = pen;
    if (this.tool.peek() === "pointer") this.choose("pen");
  }

  // ── pens, fingers, mice ──

  press(at: StagePoint): void {
    const stage = this.host.stage();
    if (stage === null) return;
    this.cursor.value = null;
    if (this.tool.peek() === "pointer") this.#point(stage.under(at));
    else if (this.tool.peek() === "measure") this.host.measuring.press(at);
    else if (stage.covers(at)) this.#begin(stage.under(at));
  }

  drag(at: readonly StagePoint[]): void {
    const stage = this.host.stage();
    if (stage === null) return;
    const points = at.map((sample) => stage.under(sample));
    const newest = points.at(-1);
    if (newest === undefined) return;
    if (this.tool.peek() === "pointer") this.#point(newest);
    else if (this.tool.peek() === "measure") this.host.measuring.drag(at);
    else this.#extend(points);
  }

  lift(at: StagePoint, tap: boolean): void {
    const stage = this.host.stage();
    if (stage === null) return;
    if (this.tool.peek() === "measure") {
      this.host.measuring.lift(at);
      return;
    }
    if (this.tool.peek() !== "pointer") {
      this.#finish();
      this.#askForWords();
      return;
    }
    if (tap) this.selected.value = stage.markUnder(at)?.mark.id ?? null;
    this.#point(null);
  }

  cancel(): void {
    if (this.drawing.peek() !== null) this.host.consult.presence.lifted(false);
    this.drawing.value = null;
    this.#labelPlace = null;
    this.host.measuring.cancelPress();
    this.#point(null);
  }

  hover(at: StagePoint | null): void {
    const stage = this.host.stage();
    if (stage === null || this.tool.peek() !== "pointer") return;
    this.#point(at !== null && stage.covers(at) ? stage.under(at) : null);
  }

  // ── keyboard ──

  /** Moves the cursor by fractions of the picture; a mark in the making follows it. */
  moveCursor(dx: number, dy: number): void {
    const from = this.cursor.peek() ?? picturePoint(0.5, 0.5);
    const to = picturePoint(from.x + dx, from.y + dy);
    this.cursor.value = to;
    this.host.stage()?.reveal(to);
    if (this.drawing.peek() !== null) this.#extend([to]);
    else if (this.tool.peek() === "pointer") this.#point(to);
  }

  /** Enter: begins a mark at the cursor, or ends the one that was begun; selects with the pointer. */
  pressCursor(): void {
    const stage = this.host.stage();
    if (stage === null) return;
    const at = this.cursor.peek() ?? picturePoint(0.5, 0.5);
    this.cursor.value = at;
    if (this.tool.peek() === "pointer")
      this.selected.value = stage.markUnder(stage.place(at))?.mark.id ?? null;
    else if (this.tool.peek() === "measure") this.host.measuring.enter(at);
    else if (this.drawing.peek() === null) {
      this.#begin(at);
      this.#askForWords();
    } else this.#finish();
  }

  /** Escape: gives up what was begun. True if there was something. */
  giveUp(): boolean {
    const something =
      this.drawing.peek() !== null ||
      this.labelDraft.peek() !== null ||
      this.host.measuring.draft.peek() !== null ||
      this.selected.peek() !== null ||
      this.cursor.peek() !== null;
    this.cancel();
    this.host.measuring.drop();
    this.labelDraft.value = null;
    this.selected.value = null;
    this.cursor.value = null;
    return something;
  }

  /** The words of a label are written. */
  writeLabel(text: string): void {
    const draft = this.labelDraft.peek();
    this.labelDraft.value = null;
    if (draft === null) return;
    const mark = label(newId<AnnotationId>(), draft.ground, this.pen.peek(), draft.at, text);
    if (mark !== null) this.host.consult.mark(mark);
  }

  // ── the three steps ──

  #begin(at: PicturePoint): void {
    this.host.begins();
    const ground = this.host.ground();
    const tool = this.tool.peek();
    if (ground === null) {
      this.host.explain();
      return;
    }
    if (tool === "label") {
      this.#labelPlace = { ground, at };
      return;
    }
    const form = tool === "arrow" ? "arrow" : "stroke";
    const drawing = begin(newId<AnnotationId>(), ground, this.pen.peek(), form, at);
    this.drawing.value = drawing;
    this.host.consult.presence.sketch(drawing);
  }

  #extend(points: readonly PicturePoint[]): void {
    const held = this.drawing.peek();
    if (held === null) return;
    const drawing = extend(held, points);
    this.drawing.value = drawing;
    this.host.consult.presence.sketch(drawing);
  }

  #finish(): void {
    const drawing = this.drawing.peek();
    const stage = this.host.stage();
    if (drawing === null || stage === null) return;
    const mark = finish(drawing, stage.picture);
    this.host.consult.presence.lifted(mark !== null);
    if (mark !== null) this.host.consult.mark(mark);
    this.drawing.value = null;
  }

  #askForWords(): void {
    if (this.#labelPlace !== null) this.labelDraft.value = this.#labelPlace;
    this.#labelPlace = null;
  }

  #point(at: PicturePoint | null): void {
    if (!this.host.consult.rights.peek().point) return;
    const rtpTime = at === null ? null : (this.host.ground()?.anchor.rtpTime ?? null);
    this.host.consult.presence.point({ at, rtpTime });
  }
}
