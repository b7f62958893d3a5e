// What a closed trace encloses.
//
// Owns area and perimeter of an outline in a two-dimensional picture. The last point is joined to the first. A trace
// that crosses itself has an area that no eye would give it; it is measured, and flagged, because the ends of a hand
// drawn outline often overlap by a little.

import { type Calibration, locate, type Measured } from "./calibration";
import { lengthOf, vector } from "./distance";
import type { PixelPoint } from "./points";
import { type Outcome, outcome, Refused } from "./refusal";
import { pixelOf, plane } from "./regions";
import { checkTrace, crossesItself, sides } from "./trace";
import { type Centimetres, type Reading, reading, type SquareCentimetres } from "./units";

/** A closed trace. */
export type Outline = {
  /** What it encloses. */
  readonly area: Reading<SquareCentimetres>;
  /** Its length. */
  readonly perimeter: Reading<Centimetres>;
  /** Whether it crosses itself, so that the area is in doubt. */
  readonly crossesItself: boolean;
};

/** Area and perimeter of a closed trace. */
export function outline(calibration: Calibration, trace: readonly PixelPoint[]): Outcome<Measured<Outline>> {
  return outcome(() => {
    checkTrace(trace, 3);
    const { scale, source } = locate(calibration, trace, plane);
    let doubled = 0;
    let perimeter = 0;
    for (const [from, to] of sides(trace)) {
      // Counted from the first point, so that a small outline far from the corner loses no digits.
      const a = vector(scale, trace[0] ?? from, from);
      const b = vector(scale, trace[0] ?? from, to);
      doubled += a.x * b.y - a.y * b.x;
      perimeter += lengthOf(vector(scale, from, to));
    }
    const area = Math.abs(doubled) / 2;
    if (area <= 0) throw new Refused("noExtent");
    const pixel = pixelOf(scale);
    return {
      // All of it half a pixel further out.
      area: reading<SquareCentimetres>(area, (perimeter * pixel) / 2),
      perimeter: reading<Centimetres>(perimeter, pixel),
      crossesItself: crossesItself(trace),
      source,
    };
  });
}
