// Lengths, places and angles in a two-dimensional picture.
//
// Owns the caliper, the only measurement that is still shown without a scale: then its length is in pixels, in a
// variant that has no place for centimetres. Pixels need not be square: both deltas count. Callers give points in the
// order they were drawn; swapping them changes nothing.

import { offset, valueAt } from "./axis";
import { type Calibration, locate, type Measured } from "./calibration";
import type { PixelPoint } from "./points";
import { type NoScale, type Outcome, outcome, Refused, WithoutScale } from "./refusal";
import { type Plane, pixelOf, plane } from "./regions";
import { type Centimetres, type Degrees, finite, type Pixels, type Reading, reading } from "./units";

/** A caliper's length: in the body, or on the picture only and why. */
export type Length =
  | { readonly type: "calibrated"; readonly length: Measured<Reading<Centimetres>> }
  | { readonly type: "uncalibrated"; readonly pixels: Pixels; readonly reason: NoScale };

/** A place in the body as the region counts it. */
export type Position = { readonly x: Centimetres; readonly y: Centimetres };

/** Two points, in the order they were drawn. */
export type Line = readonly [PixelPoint, PixelPoint];

/** From one point to another, in centimetres. */
export type Vector = { readonly x: number; readonly y: number };

const DEGREES_PER_RADIAN = 180 / Math.PI;

/** The distance between two points. */
export function distance(calibration: Calibration, from: PixelPoint, to: PixelPoint): Outcome<Length> {
  return outcome((): Length => {
    try {
      const { scale, source } = locate(calibration, [from, to], plane);
      const length = reading<Centimetres>(lengthOf(vector(scale, from, to)), pixelOf(scale));
      return { type: "calibrated", length: { ...length, source } };
    } catch (thrown) {
      if (!(thrown instanceof WithoutScale)) throw thrown;
      const pixels = finite<Pixels>(Math.hypot(to.x - from.x, to.y - from.y));
      return { type: "uncalibrated", pixels, reason: thrown.reason };
    }
  });
}

/** The place of a point, from the zero that the region states. */
export function position(calibration: Calibration, at: PixelPoint): Outcome<Measured<Position>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [at], plane);
    const x = finite<Centimetres>(valueAt(scale.x, at.x));
    const y = finite<Centimetres>(valueAt(scale.y, at.y));
    return { x, y, source };
  });
}

/**
 * The angle between two lines, each from its first to its second point: 0 to 180 degrees, in the body and not on the
 * screen.
 */
export function angle(
  calibration: Calibration,
  first: Line,
  second: Line,
): Outcome<Measured<Reading<Degrees>>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [...first, ...second], plane);
    const [u, v] = [vector(scale, ...first), vector(scale, ...second)];
    const shorter = Math.min(lengthOf(u), lengthOf(v));
    if (shorter <= 0) throw new Refused("noExtent");
    const turn = Math.atan2(Math.abs(u.x * v.y - u.y * v.x), u.x * v.x + u.y * v.y);
    const step = Math.atan(pixelOf(scale) / shorter);
    return { ...reading<Degrees>(turn * DEGREES_PER_RADIAN, step * DEGREES_PER_RADIAN), source };
  });
}

export function vector({ x, y }: Plane, from: PixelPoint, to: PixelPoint): Vector {
  return { x: offset(x, from.x, to.x), y: offset(y, from.y, to.y) };
}

export function lengthOf({ x, y }: Vector): number {
  return Math.hypot(x, y);
}
