// Two kinds of points that must never be mixed: places on the stage in CSS pixels, and places in the picture as
// fractions (0..1 of its width and height).
//
// Owns the brands and rounding; converting between the two is `view.ts`. Called by everything that draws or sends.
// Invariant: a `PicturePoint` is a valid wire `Point`: both numbers within 0..1, four decimals (six where pixels are counted).

import type { Point } from "../wire/mark";

/** A place on the stage in CSS pixels, from its top left corner. */
export type StagePoint = { readonly x: number; readonly y: number } & { readonly __space: "stage" };

/** A place in the picture as fractions. */
export type PicturePoint = Point & { readonly __space: "picture" };

/** A width and a height, in the unit of the context. */
export type Size = { readonly width: number; readonly height: number };

/** A tenth of a pixel in a picture of 1,000; keeps a long stroke under the largest message (wire `MAX_MESSAGE_BYTES`). */
const FRACTION_STEPS = 10_000;

/** A thousandth of a pixel in a picture of 1,000, for points that are few. */
const EXACT_STEPS = 1_000_000;

export function stagePoint(x: number, y: number): StagePoint {
  return { x, y } as StagePoint;
}

/** Rounds, and moves what lies outside to the nearest edge. */
export function picturePoint(x: number, y: number): PicturePoint {
  return { x: fraction(x), y: fraction(y) } as PicturePoint;
}

/** A point that came over the wire; the relay has checked its range. */
export function fromWire(point: Point): PicturePoint {
  return point as PicturePoint;
}

/** A place set by steps of one pixel: fine enough that a hundred of them end on a pixel. */
export function exactPoint(x: number, y: number): PicturePoint {
  return { x: exact(x), y: exact(y) } as PicturePoint;
}

export function distance(a: StagePoint, b: StagePoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function exact(value: number): number {
  if (!(value > 0)) return 0;
  return value >= 1 ? 1 : Math.round(value * EXACT_STEPS) / EXACT_STEPS;
}

function fraction(value: number): number {
  if (!(value > 0)) return 0;
  return value >= 1 ? 1 : Math.round(value * FRACTION_STEPS) / FRACTION_STEPS;
}
