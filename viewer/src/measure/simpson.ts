// Volume of the left ventricle by the method of discs (ASE/EACVI 2015, chamber quantification).
//
// Owns the discs of one view and the volumes from one or two views. The long axis runs from the middle of the mitral
// annulus to the apex; twenty discs of equal height stand on it, each cut across in its middle, from wall to wall of the
// outline. Invariant: every disc has a diameter, or there is no volume.

import { type Calibration, locate, type Measured } from "./calibration";
import { type Line, lengthOf, type Vector, vector } from "./distance";
import { type PixelPoint, pixelPoint } from "./points";
import { type Outcome, outcome, Refused } from "./refusal";
import { pixelOf, plane } from "./regions";
import { checkTrace, crossesItself, sides } from "./trace";
import { type Centimetres, finite, type Millilitres, type Reading, reading } from "./units";

/** Discs along the long axis. */
export const DISCS = 20;
/** Long axes of two views that differ by more than this part of the longer one show that one view is foreshortened. */
const MOST_LENGTHS_DIFFER = 0.2;

/** What is drawn of the left ventricle in one view. */
export type Ventricle = {
  /** The inner wall from one end of the annulus over the apex to the other; joined along the annulus. */
  readonly outline: readonly PixelPoint[];
  /** Both ends of the mitral annulus. */
  readonly annulus: Line;
  /** The apex, on the outline. */
  readonly apex: PixelPoint;
};

/** The left ventricle of one view, cut into discs. */
export type Discs = {
  /** The long axis. */
  readonly length: Reading<Centimetres>;
  /** `DISCS` of them, from the annulus to the apex. */
  readonly diameters: readonly Centimetres[];
  /** Whether the outline crosses itself, so that diameters are in doubt. */
  readonly crossesItself: boolean;
};

/** Volume from two views. */
export type Biplane = {
  /** By the diameters of both views and the longer long axis. */
  readonly volume: Reading<Millilitres>;
  /** Whether the long axes differ by more than a fifth, so that the volume is in doubt. */
  readonly lengthsDiffer: boolean;
};

/**
 * The apex of an outline that runs from one end of the annulus to the other: its point farthest from their middle. Of
 * points equally far it is the first one, as in Rust.
 */
export function apex(calibration: Calibration, outline: readonly PixelPoint[]): Outcome<PixelPoint> {
  return outcome(() => {
    checkTrace(outline, 3);
    const { scale } = locate(calibration, outline, plane);
    const [first, last] = [outline[0], outline.at(-1)];
    if (first === undefined || last === undefined) throw new Refused("tooFewPoints");
    const middle = pixelPoint((first.x + last.x) / 2, (first.y + last.y) / 2);
    const far = (point: PixelPoint) => lengthOf(vector(scale, middle, point));
    return outline.reduce((best, point) => (far(point) > far(best) ? point : best));
  });
}

/** Cuts the left ventricle of one view into discs. */
export function discs(calibration: Calibration, drawn: Ventricle): Outcome<Measured<Discs>> {
  return outcome(() => {
    const { outline, annulus, apex } = drawn;
    checkTrace(outline, 3);
    const { scale, source } = locate(calibration, [...outline, ...annulus, apex], plane);
    const [septal, lateral] = annulus;
    const middle = pixelPoint((septal.x + lateral.x) / 2, (septal.y + lateral.y) / 2);
    const axis = vector(scale, middle, apex);
    const length = lengthOf(axis);
    if (length <= 0) throw new Refused("noExtent");
    const wall = outline.map((point) => along(vector(scale, middle, point), axis, length));
    return {
      length: reading<Centimetres>(length, pixelOf(scale)),
      diameters: diametersOf(wall, length),
      crossesItself: crossesItself(outline),
      source,
    };
  });
}

/** Volume from the discs of one view, each taken to be round. */
export function singlePlane(view: Discs): Outcome<Reading<Millilitres>> {
  return outcome(() => fromViews(view, view).volume);
}

/** Volume from the discs of two views, each taken to be an ellipse with one diameter from either. */
export function biplane(first: Discs, second: Discs): Outcome<Biplane> {
  return outcome(() => fromViews(first, second));
}

function fromViews(first: Discs, second: Discs): Biplane {
  const [a, b] = [first.length.value, second.length.value];
  const longer = Math.max(a, b);
  const height = longer / DISCS;
  let [squares, change] = [0, 0];
  first.diameters.forEach((one, disc) => {
    const other = second.diameters[disc] ?? Number.NaN;
    squares += one * other;
    // A pixel more on either diameter.
    change += one * second.length.step + other * first.length.step;
  });
  const volume = (Math.PI / 4) * squares * height;
  if (volume <= 0) throw new Refused("noExtent");
  return {
    volume: reading<Millilitres>(volume, (Math.PI / 4) * change * height),
    lengthsDiffer: Math.abs(a - b) > MOST_LENGTHS_DIFFER * longer,
  };
}

/** A point as seen from the annulus: `y` along the long axis, `x` across it. */
function along(point: Vector, axis: Vector, length: number): Vector {
  return {
    x: (point.x * axis.y - point.y * axis.x) / length,
    y: (point.x * axis.x + point.y * axis.y) / length,
  };
}

function diametersOf(wall: readonly Vector[], length: number): Centimetres[] {
  return Array.from({ length: DISCS }, (_, disc) => {
    const width = widthAt(wall, ((disc + 0.5) * length) / DISCS);
    if (width === null) throw new Refused("axisLeavesOutline");
    return finite<Centimetres>(width);
  });
}

/** From the outermost wall to the outermost wall at a height. */
function widthAt(wall: readonly Vector[], height: number): number | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const [from, to] of sides(wall)) {
    if (from.y <= height === to.y <= height) continue;
    const x = from.x + ((to.x - from.x) * (height - from.y)) / (to.y - from.y);
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  return low <= high ? high - low : null;
}
