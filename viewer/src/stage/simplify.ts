// Makes a stroke short enough to send without a visible difference.
//
// A pencil gives 240 points a second; a stroke may have `MAX_STROKE_POINTS`. Ramer–Douglas–Peucker in picture pixels,
// iterative so that a long stroke cannot exhaust the stack. Called when the pen is lifted.
// Invariant: the first and last point stay, and the result has at most `MAX_STROKE_POINTS` points.

import { MAX_STROKE_POINTS } from "../wire/constants";
import { distanceToSegment } from "./hit";
import { type PicturePoint, type Size, stagePoint } from "./points";

/** Half a picture pixel: below what the picture itself can show. */
const TOLERANCE_PX = 0.5;
/** Each further try accepts twice the deviation of the one before, up to what the width of the ink still hides. */
const COARSER = 2;
const COARSEST_PX = 2;

export function simplify(points: readonly PicturePoint[], picture: Size): PicturePoint[] {
  const distinct = points.filter((p, i) => {
    const before = points[i - 1];
    return before === undefined || before.x !== p.x || before.y !== p.y;
  });
  let tolerance = TOLERANCE_PX;
  let kept = reduce(distinct, picture, tolerance);
  while (kept.length > MAX_STROKE_POINTS && tolerance < COARSEST_PX) {
    tolerance *= COARSER;
    kept = reduce(distinct, picture, tolerance);
  }
  return thin(kept);
}

/** A scribble that no line describes: every n-th point keeps its look, a coarser tolerance would lose it at once. */
function thin(points: readonly PicturePoint[]): PicturePoint[] {
  const last = points.length - 1;
  if (points.length <= MAX_STROKE_POINTS) return [...points];
  const step = Math.ceil(last / (MAX_STROKE_POINTS - 1));
  return points.filter((_, i) => i % step === 0 || i === last);
}

function reduce(points: readonly PicturePoint[], picture: Size, tolerance: number): PicturePoint[] {
  const last = points.length - 1;
  if (last < 2) return [...points];
  const pixels = points.map((p) => stagePoint(p.x * picture.width, p.y * picture.height));
  const keep = new Set([0, last]);
  const open: [number, number][] = [[0, last]];
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const [from, to] = range;
    const a = pixels[from];
    const b = pixels[to];
    if (a === undefined || b === undefined) continue;
    let farthest = from;
    let deviation = tolerance;
    for (let i = from + 1; i < to; i += 1) {
      const p = pixels[i];
      const d = p === undefined ? 0 : distanceToSegment(a, b, p);
      if (d > deviation) [farthest, deviation] = [i, d];
    }
    if (farthest > from) {
      keep.add(farthest);
      open.push([from, farthest], [farthest, to]);
    }
  }
  return points.filter((_, i) => keep.has(i));
}
