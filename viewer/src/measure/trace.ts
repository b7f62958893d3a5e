// Lines drawn by hand.
//
// Owns the limits of a trace and the question whether a closed one crosses itself. Crossing is asked on pixels: a scale
// stretches, and stretching makes and mends no crossing. It knows no calibration.

import { MAX_STROKE_POINTS } from "../wire/constants";
import { Refused } from "./refusal";

/** Most points of a trace: as many as a stroke may have. */
export const MAX_TRACE_POINTS = MAX_STROKE_POINTS;

type Place = { readonly x: number; readonly y: number };

/** Checks the number of points. */
export function checkTrace(points: readonly Place[], least: number): void {
  if (points.length < least) throw new Refused("tooFewPoints");
  if (points.length > MAX_TRACE_POINTS) throw new Refused("tooManyPoints");
}

/** The sides of a closed trace, the one from the last point to the first included. */
export function sides<T extends Place>(points: readonly T[]): (readonly [T, T])[] {
  return points.map((point, i) => [point, points[i + 1] ?? points[0] ?? point] as const);
}

/** Whether two sides of a closed trace cross. Its area then counts a part twice or not at all. */
export function crossesItself(points: readonly Place[]): boolean {
  const all = sides(points);
  return all.some(([a, b], i) => {
    for (let j = i + 1; j < all.length; j += 1) {
      const other = all[j];
      if (other !== undefined && cross(a, b, other[0], other[1])) return true;
    }
    return false;
  });
}

/** Whether two lines cross inside both; ends that only touch do not. */
function cross(a: Place, b: Place, c: Place, d: Place): boolean {
  return apart(turn(a, b, c), turn(a, b, d)) && apart(turn(c, d, a), turn(c, d, b));
}

function turn(p: Place, q: Place, r: Place): number {
  return (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
}

function apart(u: number, v: number): boolean {
  return (u > 0 && v < 0) || (u < 0 && v > 0);
}
