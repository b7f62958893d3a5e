// Draws measurements: thin lines, crosses with a free middle at their ends, the value beside them.
//
// Stateless, like `draw.ts`. A cross shows the pixel that is meant, so its middle stays free; the line between two ends
// does not cover them. Called by the stage for marks and for the own measurement in the making.

import type { Pen, Shape } from "../wire/mark";
import type { MeasureKind } from "../wire/measure";
import { type Brush, drawTag, tagRoom, twice } from "./draw";
import { isClosed } from "./hit";
import { PEN_LOOKS, type PenLook } from "./pens";
import { fromWire, type PicturePoint, type StagePoint, stagePoint } from "./points";
import type { SceneDraft } from "./stage";
import type { Box } from "./view";

const CROSS_ARM_PX = 9;
const CROSS_GAP_PX = 3;
const ACTIVE_RING_PX = 15;
const VALUE_ROOM_PX = 10;
/** More points than this are a trace, whose points are not shown one by one. */
const MOST_CROSSES = 3;

export function drawMeasureShape(
  brush: Brush,
  { what, points }: Extract<Shape, { type: "measure" }>,
  pen: Pen,
  selected: boolean,
): void {
  drawMeasure(brush, what.type, points.map(fromWire), pen, selected);
}

function drawMeasure(
  brush: Brush,
  what: MeasureKind["type"],
  points: readonly PicturePoint[],
  pen: Pen,
  selected: boolean,
): void {
  const look = PEN_LOOKS[pen];
  const placed = points.map(brush.place);
  twice(brush.context, line(placed, isClosed(what)), look, selected);
  if (points.length <= MOST_CROSSES) for (const at of placed) drawCross(brush, at, look);
}

/** The value of a mark, beside its last point. */
export function drawValue(brush: Brush, shape: Shape, words: string): void {
  if (shape.type !== "measure") return;
  drawBeside(brush, shape.points.map(fromWire), words);
}

/** What the value of a mark covers. */
export function valueRoom(brush: Brush, shape: Shape, words: string): Box | null {
  const at = shape.type === "measure" ? besideOf(brush, shape.points.map(fromWire)) : null;
  return at === null ? null : tagRoom(brush, at, words);
}

export function drawDraft(brush: Brush, { form, pen, points, active, words }: SceneDraft): void {
  drawMeasure(brush, form, points, pen, false);
  const at = points[active];
  if (at !== undefined) {
    const place = brush.place(at);
    const ring = new Path2D();
    ring.arc(place.x, place.y, ACTIVE_RING_PX, 0, 2 * Math.PI);
    twice(brush.context, ring, { ...PEN_LOOKS[pen], dash: [] }, false);
    if (points.length > MOST_CROSSES) drawCross(brush, place, PEN_LOOKS[pen]);
  }
  if (words !== null) drawBeside(brush, points, words);
}

/** Right of the rightmost point, where it covers none of them. */
function besideOf(brush: Brush, points: readonly PicturePoint[]): StagePoint | null {
  const placed = points.map(brush.place);
  const rightmost = placed.reduce<StagePoint | null>(
    (best, at) => (best === null || at.x > best.x ? at : best),
    null,
  );
  return rightmost === null ? null : stagePoint(rightmost.x + VALUE_ROOM_PX, rightmost.y);
}

function drawBeside(brush: Brush, points: readonly PicturePoint[], words: string): void {
  const at = besideOf(brush, points);
  if (at !== null) drawTag(brush, at, words);
}

function line(points: readonly StagePoint[], closed: boolean): Path2D {
  const path = new Path2D();
  const [first, ...rest] = points;
  if (first === undefined) return path;
  path.moveTo(first.x, first.y);
  for (const at of rest) path.lineTo(at.x, at.y);
  if (closed) path.closePath();
  return path;
}

function drawCross(brush: Brush, at: StagePoint, look: PenLook): void {
  const path = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    path.moveTo(at.x + dx * CROSS_GAP_PX, at.y + dy * CROSS_GAP_PX);
    path.lineTo(at.x + dx * CROSS_ARM_PX, at.y + dy * CROSS_ARM_PX);
  }
  twice(brush.context, path, { ...look, dash: [] }, false);
}
