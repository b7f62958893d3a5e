// Draws the consult's marks over the preview, as the pages of the consult draw them.
//
// Owns the canvas of the ink. Lines, colours, patterns and the words beside a mark are the stage's.
// Invariant: the canvas covers exactly the picture, so that fractions of one are fractions of the other.

import type { Brush } from "../stage/draw";
import { drawMarks as drawAll } from "../stage/draw-marks";
import { stagePoint } from "../stage/points";
import type { MarkState } from "../wire/socket";
import type { FigureOf } from "./mark-figures";

/** Sharper than this no screen shows. */
const MAX_PIXEL_RATIO = 3;

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
  drawAll(brush, marks, {
    selected: null,
    valueBeside: (held) => beside.figureOf?.(held)?.value,
    staleTag: beside.staleTag,
    room: { width, height },
  });
}
