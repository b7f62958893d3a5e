// Draws the consult's marks over the preview, as the pages of the consult draw them.
//
// Owns the canvas of the ink and the words beside a mark: who made it, and what it measures. Lines, colours and patterns are
// the stage's. Invariant: the canvas covers exactly the picture, so that fractions of one are fractions of the other.

import { type Brush, drawShape, drawTag, startOf } from "../stage/draw";
import { drawMeasureShape, drawValue } from "../stage/draw-measure";
import { stagePoint } from "../stage/points";
import type { MarkState } from "../wire/socket";
import type { FigureOf } from "./mark-figures";

/** Sharper than this no screen shows. */
const MAX_PIXEL_RATIO = 3;
/** Above the words of a label, in root font sizes. */
const LABEL_HEIGHT_REM = 1.25;

export type Beside = { readonly figureOf: FigureOf | null; readonly staleTag: string };

export function drawMarks(canvas: HTMLCanvasElement, marks: readonly MarkState[], beside: Beside): void {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = Math.min(devicePixelRatio, MAX_PIXEL_RATIO);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (context === null || marks.length === 0) return;
  context.scale(ratio, ratio);
  const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  const brush: Brush = {
    context,
    place: (point) => stagePoint(point.x * width, point.y * height),
    remPx,
  };
  for (const held of marks) {
    const { shape, pen } = held.mark;
    if (shape.type === "measure") drawMeasureShape(brush, shape, pen, false);
    else drawShape(brush, shape, pen, false);
    const start = startOf(shape);
    if (start !== null) {
      const at = brush.place(start);
      const lift = shape.type === "label" ? LABEL_HEIGHT_REM * remPx : 0;
      drawTag(brush, stagePoint(at.x, at.y - lift), tagOf(held, beside.staleTag));
    }
    const told = beside.figureOf?.(held) ?? null;
    if (told !== null) drawValue(brush, shape, told.value);
  }
}

/** Whose mark it is, and that its author saw a picture that had stopped. */
export function tagOf({ mark, author }: MarkState, staleTag: string): string {
  const initials = author.type === "person" ? author.initials : "";
  return mark.drawnOn === "stale" ? `${initials} ${staleTag}`.trim() : initials;
}
