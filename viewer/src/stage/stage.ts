// The stage: one canvas over the picture, with everything that is drawn on it, and the view that both share.
//
// Framework-free. Owns size, zoom and pan, and when to draw (once per animation frame and only after a change). What
// to draw comes in as a scene; where fingers go is `input.ts`. Called by the consult and bedside screens.
// Invariant: the video's transform and the canvas always use the same view, so that ink stays on tissue.

import type { AnnotationId } from "../wire/ids";
import type { Pen } from "../wire/mark";
import type { MeasureKind } from "../wire/measure";
import type { MarkState, SketchForm } from "../wire/socket";
import { type Brush, drawCursor, drawPointer, drawSketch, drawTag, type PointerLook } from "./draw";
import { drawMarks } from "./draw-marks";
import { drawDraft } from "./draw-measure";
import { markAt } from "./hit";
import { fromWire, type PicturePoint, type Size, type StagePoint } from "./points";
import {
  type Box,
  letterbox,
  onPicture,
  panBy,
  resized,
  reveal,
  toPicture,
  toStage,
  type View,
  WHOLE,
  zoomAt,
} from "./view";

export type SceneSketch = {
  readonly form: SketchForm;
  readonly pen: Pen;
  readonly points: readonly PicturePoint[];
  /** Who is drawing it; null for oneself. */
  readonly by: string | null;
};
export type ScenePointer = PointerLook & { readonly at: PicturePoint };

/** Points of a measurement; the active one is what the nudge buttons move, -1 for one that is made. */
export type SceneDraft = {
  readonly form: MeasureKind["type"];
  readonly pen: Pen;
  readonly points: readonly PicturePoint[];
  readonly active: number;
  readonly words: string | null;
};

/** Everything over the picture at one moment. */
export type Scene = {
  readonly marks: readonly MarkState[];
  readonly selected: AnnotationId | null;
  readonly sketches: readonly SceneSketch[];
  readonly pointers: readonly ScenePointer[];
  readonly cursor: { readonly at: PicturePoint; readonly drawing: boolean } | null;
  /** Words beside marks that were drawn on a stopped picture. */
  readonly staleTag: string;
  /** Values beside measuring marks. */
  readonly values: ReadonlyMap<AnnotationId, string>;
  /** The own measurement in the making. */
  readonly measuring: SceneDraft | null;
  /** Own measurements that nobody else has. */
  readonly measured?: readonly SceneDraft[];
};

const NOTHING: Scene = {
  marks: [],
  selected: null,
  sketches: [],
  pointers: [],
  cursor: null,
  staleTag: "",
  values: new Map(),
  measuring: null,
};
/** Whether a scene leaves every pixel of the picture free. */
function isEmpty({ marks, sketches, pointers, cursor, measuring, measured = [] }: Scene): boolean {
  return (
    marks.length === 0 &&
    measured.length === 0 &&
    sketches.length === 0 &&
    pointers.length === 0 &&
    cursor === null &&
    measuring === null
  );
}

/** Sharper than this no screen shows, and the canvas of a phone would take its memory. */
const MAX_PIXEL_RATIO = 3;
/** The keyboard cursor is kept this far from the edge of a zoomed stage. */
const CURSOR_ROOM_PX = 48;
/** Where the page has no layout yet. */
const NO_SIZE: Size = { width: 0, height: 0 };

export class Stage {
  #scene: Scene = NOTHING;
  #picture: Size = NO_SIZE;
  #size: Size = NO_SIZE;
  #view: View = WHOLE;
  #box: Box = { x: 0, y: 0, width: 0, height: 0 };
  #remPx = 16;
  #frame: number | null = null;
  readonly #observer: ResizeObserver;

  /** `layers` are the video and what lies between it and the canvas; they get the view's transform. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly layers: readonly HTMLElement[],
    readonly onView: (view: View) => void,
  ) {
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(canvas);
    this.#measure();
  }

  get view(): View {
    return this.#view;
  }

  get size(): Size {
    return this.#size;
  }

  /** Size of the picture in its own pixels, for simplifying strokes. */
  get picture(): Size {
    return this.#picture;
  }

  show(scene: Scene): void {
    this.#scene = scene;
    this.#schedule();
  }

  setPicture(picture: Size | null): void {
    this.#picture = picture ?? NO_SIZE;
    this.#box = letterbox(this.#size, this.#picture);
    this.#schedule();
  }

  place = (point: PicturePoint): StagePoint => toStage(point, this.#box, this.#view);

  /** The place in the picture under a pixel of the stage. */
  under(point: StagePoint): PicturePoint {
    return toPicture(point, this.#box, this.#view);
  }

  covers(point: StagePoint): boolean {
    return onPicture(point, this.#box, this.#view);
  }

  markUnder(point: StagePoint): MarkState | null {
    return markAt(this.#scene.marks, point, this.place);
  }

  zoom(at: StagePoint, factor: number): void {
    this.#setView(zoomAt(this.#view, at, factor, this.#size));
  }

  pan(dx: number, dy: number): void {
    this.#setView(panBy(this.#view, dx, dy, this.#size));
  }

  reveal(point: PicturePoint): void {
    this.#setView(reveal(this.place(point), this.#view, this.#size, CURSOR_ROOM_PX));
  }

  whole(): void {
    this.#setView(WHOLE);
  }

  close(): void {
    this.#observer.disconnect();
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  #setView(view: View): void {
    this.#view = view;
    const transform = `translate(${view.panX}px, ${view.panY}px) scale(${view.zoom})`;
    for (const layer of this.layers) layer.style.transform = transform;
    this.onView(view);
    this.#schedule();
  }

  #measure(): void {
    const before = this.#size;
    this.#size = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    const ratio = Math.min(devicePixelRatio, MAX_PIXEL_RATIO);
    const width = Math.round(this.#size.width * ratio);
    const height = Math.round(this.#size.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.#remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    this.#box = letterbox(this.#size, this.#picture);
    this.#setView(resized(this.#view, before, this.#size));
    // Setting the size cleared the canvas: draw before the browser paints, or the ink would blink.
    this.#draw();
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  }

  #draw(): void {
    const context = this.canvas.getContext("2d");
    if (context === null || this.#size.width === 0) return;
    // A browser blends even an empty canvas over each frame of the video, a quarter of all it draws. Not
    // `visibility`, because the stage goes on taking fingers.
    const empty = this.#box.width === 0 || isEmpty(this.#scene);
    this.canvas.style.opacity = empty ? "0" : "1";
    const ratio = this.canvas.width / this.#size.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (empty) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const brush: Brush = { context, place: this.place, remPx: this.#remPx };
    const { marks, selected, sketches, pointers, cursor, staleTag, values, measuring, measured } =
      this.#scene;
    drawMarks(brush, marks, {
      selected,
      staleTag,
      valueBeside: ({ mark }) => values.get(mark.id),
      room: this.#size,
    });
    for (const draft of measured ?? []) drawDraft(brush, draft);
    if (measuring !== null) drawDraft(brush, measuring);
    for (const { form, points, pen, by } of sketches) {
      drawSketch(brush, form, points, pen);
      const tip = points.at(-1);
      if (by !== null && tip !== undefined) drawTag(brush, this.place(tip), by);
    }
    for (const pointer of pointers) drawPointer(brush, this.place(fromWire(pointer.at)), pointer);
    if (cursor !== null) drawCursor(brush, this.place(cursor.at), cursor.drawing);
  }
}
