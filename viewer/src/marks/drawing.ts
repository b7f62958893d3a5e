// One mark while it is being made, from the first touch to the finished annotation.
//
// Pure apart from the ids it is given; knows no canvas and no socket. Called by `live/hand.ts` for pen and keyboard.
// Invariant: anchor and pen are those of the first touch, whatever happens to the picture while the pen moves.

import type { PicturePoint, Size } from "../stage/points";
import { simplify } from "../stage/simplify";
import { MAX_LABEL_CHARS } from "../wire/constants";
import type { AnnotationId } from "../wire/ids";
import type { Anchor, Annotation, DrawnOn, Pen, Shape } from "../wire/mark";
import type { SketchForm } from "../wire/socket";

/** Where and on what a mark begins. */
export type Ground = { readonly anchor: Anchor; readonly drawnOn: DrawnOn };

export type Drawing = Ground & {
  readonly mark: AnnotationId;
  readonly pen: Pen;
  readonly form: SketchForm;
  readonly points: readonly PicturePoint[];
};

/** Half a minute of a 240 Hz pencil; what comes after it is not part of the stroke. */
const MAX_RAW_POINTS = 8_192;
/** An arrow shorter than this (fraction of the picture) was a slip. */
const SHORTEST_ARROW = 0.01;

export function begin(
  mark: AnnotationId,
  ground: Ground,
  pen: Pen,
  form: SketchForm,
  at: PicturePoint,
): Drawing {
  return { ...ground, mark, pen, form, points: [at] };
}

export function extend(drawing: Drawing, at: readonly PicturePoint[]): Drawing {
  const first = drawing.points[0];
  const newest = at.at(-1);
  if (first === undefined || newest === undefined) return drawing;
  if (drawing.form === "arrow") return { ...drawing, points: [first, newest] };
  const room = MAX_RAW_POINTS - drawing.points.length;
  return room <= 0 ? drawing : { ...drawing, points: [...drawing.points, ...at.slice(0, room)] };
}

/** The finished annotation, or null when nothing worth keeping was drawn. */
export function finish(drawing: Drawing, picture: Size): Annotation | null {
  const shape = shapeOf(drawing, picture);
  if (shape === null) return null;
  const { mark, anchor, drawnOn, pen } = drawing;
  return { id: mark, anchor, shape, pen, drawnOn };
}

function shapeOf({ form, points }: Drawing, picture: Size): Shape | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return null;
  if (form === "stroke") return { type: "stroke", points: simplify(points, picture) };
  if (Math.hypot(last.x - first.x, last.y - first.y) < SHORTEST_ARROW) return null;
  return { type: "arrow", from: first, to: last };
}

export function label(
  mark: AnnotationId,
  ground: Ground,
  pen: Pen,
  at: PicturePoint,
  text: string,
): Annotation | null {
  const words = cleanLabel(text);
  if (words === "") return null;
  return {
    id: mark,
    anchor: ground.anchor,
    drawnOn: ground.drawnOn,
    pen,
    shape: { type: "label", at, text: words },
  };
}

/** What the relay accepts as a label: no control or direction characters (wire `mark.rs`), not too long. */
export function cleanLabel(text: string): string {
  const visible = text.replace(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, " ").trim();
  return [...visible].slice(0, MAX_LABEL_CHARS).join("").trim();
}
