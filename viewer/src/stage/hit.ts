// Which mark lies under a finger.
//
// Pure geometry in stage pixels; knows the shapes and nothing else. Called by the stage's input and keyboard.
// Invariant: of several marks within reach the newest wins, because it is drawn on top.

import type { Shape } from "../wire/mark";
import type { MeasureKind } from "../wire/measure";
import type { MarkState } from "../wire/socket";
import { distance, fromWire, type PicturePoint, type StagePoint, stagePoint } from "./points";

/** How far from a line a finger still means it, in CSS pixels. */
const REACH_PX = 18;

/** Rough size of a label's text box in CSS pixels, for touching it. */
const LABEL_CHAR_PX = 16;
const LABEL_HEIGHT_PX = 30;

export function markAt(
  marks: readonly MarkState[],
  at: StagePoint,
  place: (point: PicturePoint) => StagePoint,
): MarkState | null {
  for (let i = marks.length - 1; i >= 0; i -= 1) {
    const state = marks[i];
    if (state !== undefined && distanceToShape(state.mark.shape, at, place) <= REACH_PX) return state;
  }
  return null;
}

export function distanceToShape(
  shape: Shape,
  at: StagePoint,
  place: (point: PicturePoint) => StagePoint,
): number {
  switch (shape.type) {
    case "stroke": {
      const points = shape.points.map((point) => place(fromWire(point)));
      return distanceToLine(points, at);
    }
    case "arrow":
      return distanceToSegment(place(fromWire(shape.from)), place(fromWire(shape.to)), at);
    case "measure": {
      const points = shape.points.map((point) => place(fromWire(point)));
      const [first] = points;
      return distanceToLine(
        first !== undefined && isClosed(shape.what.type) ? [...points, first] : points,
        at,
      );
    }
    case "label": {
      const left = place(fromWire(shape.at));
      const right = left.x + LABEL_CHAR_PX * [...shape.text].length;
      const dx = Math.max(left.x - at.x, 0, at.x - right);
      const dy = Math.max(left.y - LABEL_HEIGHT_PX - at.y, 0, at.y - left.y);
      return Math.hypot(dx, dy);
    }
  }
}

/** Whether the outline of a measurement is joined at its ends. */
export function isClosed(what: MeasureKind["type"]): boolean {
  return what === "area" || what === "ventricle";
}

function distanceToLine(points: readonly StagePoint[], at: StagePoint): number {
  let nearest = Number.POSITIVE_INFINITY;
  let previous: StagePoint | undefined;
  for (const point of points) {
    const d = previous === undefined ? distance(point, at) : distanceToSegment(previous, point, at);
    nearest = Math.min(nearest, d);
    previous = point;
  }
  return nearest;
}

export function distanceToSegment(from: StagePoint, to: StagePoint, at: StagePoint): number {
  const length2 = (to.x - from.x) ** 2 + (to.y - from.y) ** 2;
  if (length2 === 0) return distance(from, at);
  const along = ((at.x - from.x) * (to.x - from.x) + (at.y - from.y) * (to.y - from.y)) / length2;
  const t = Math.min(Math.max(along, 0), 1);
  return distance(stagePoint(from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t), at);
}
