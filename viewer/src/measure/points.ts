// Places on a picture in its own pixels.
//
// Owns `PixelPoint`, its brand and the way from fractions of the picture to it. The convention, which the measuring
// rules in Rust share: fraction 0 is the left edge of the first pixel and fraction 1 the right edge of the last, so a
// fraction `f` is the pixel coordinate `f * width`, and nothing is added for pixel centres. The pixel with index `k`
// covers the coordinates from `k` up to `k + 1`; the far edge of the picture belongs to the last pixel.

import type { Size } from "../stage/points";
import type { Point } from "../wire/mark";
import type { RegionBounds } from "../wire/region";

/** A place in pixels from the picture's top left corner. Whatever measures refuses one that is not finite. */
export type PixelPoint = { readonly x: number; readonly y: number } & { readonly __space: "pixel" };

export function pixelPoint(x: number, y: number): PixelPoint {
  return { x, y } as PixelPoint;
}

/** The place of a point given as fractions. */
export function fromFractions(point: Point, picture: Size): PixelPoint {
  return pixelPoint(point.x * picture.width, point.y * picture.height);
}

export function isFinitePoint({ x, y }: PixelPoint): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** Whether the pixel under this point is one of the region's, both corners included. */
export function liesIn(point: PixelPoint, bounds: RegionBounds, picture: Size): boolean {
  return (
    within(point.x, picture.width, bounds.minX, bounds.maxX) &&
    within(point.y, picture.height, bounds.minY, bounds.maxY)
  );
}

function within(at: number, size: number, min: number, max: number): boolean {
  if (!(at >= 0 && at <= size && size >= 1)) return false;
  const pixel = Math.min(Math.floor(at), size - 1);
  return min <= pixel && pixel <= max;
}
