// Rectangles of the mask, in fractions of the picture (pure).
//
// Owns making one of a drag, moving and sizing it in steps, and keeping it inside the picture.

import type { MaskRectangle } from "../wire/device";

/** A step of keys and buttons: half a per cent is 4 pixels of 800. */
export const STEP = 0.005;
/** A smaller drag was a tap. */
const LEAST = 0.01;
/** What a machine's banner takes in height. */
const BAND: MaskRectangle = { x: 0, y: 0, width: 1, height: 0.08 };
const BLOCK: MaskRectangle = { x: 0.35, y: 0.45, width: 0.3, height: 0.1 };

export type Side = "x" | "y" | "width" | "height";
export type Point = { readonly x: number; readonly y: number };

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
/** Ten thousandths: finer than any picture, and no tail of digits. */
const tidy = (value: number) => Math.round(value * 10_000) / 10_000;

export const band = (): MaskRectangle => BAND;
export const block = (): MaskRectangle => BLOCK;

/** Inside the picture, and large enough to be taken hold of. */
export function inside({ x, y, width, height }: MaskRectangle): MaskRectangle {
  const [w, h] = [clamp(width, LEAST, 1), clamp(height, LEAST, 1)];
  return { x: tidy(clamp(x, 0, 1 - w)), y: tidy(clamp(y, 0, 1 - h)), width: tidy(w), height: tidy(h) };
}

/** Nothing when it was a tap. */
export function dragged(from: Point, to: Point): MaskRectangle | null {
  const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)].map((x) => clamp(x, 0, 1));
  const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)].map((y) => clamp(y, 0, 1));
  if (left === undefined || right === undefined || top === undefined || bottom === undefined) return null;
  if (right - left < LEAST || bottom - top < LEAST) return null;
  return inside({ x: left, y: top, width: right - left, height: bottom - top });
}

export function changed(one: MaskRectangle, side: Side, by: number): MaskRectangle {
  return inside({ ...one, [side]: one[side] + by });
}

export function replaced(
  all: readonly MaskRectangle[],
  at: number,
  by: MaskRectangle | null,
): readonly MaskRectangle[] {
  return all.flatMap((one, index) => (index !== at ? [one] : by === null ? [] : [by]));
}
