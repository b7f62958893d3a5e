// One direction of a region: how pixels become a physical value (PS3.3 section C.8.5.5.1).
//
// Owns value = reference value + (pixel - region minimum - reference pixel) * delta. The reference pixel counts from
// the region's corner, may lie outside region and picture, and may be absent; differences need none. The sign of the
// delta is the direction. It knows nothing of the other axis or of what the region shows.

import type { Region, RegionUnit } from "../wire/region";
import { type Outcome, outcome, WithoutScale } from "./refusal";
import { type Centimetres, type CentimetresPerSecond, finite, type Seconds } from "./units";

/** What an axis is measured in, of the units that can be measured with. */
export type AxisUnit = "centimetre" | "second" | "centimetrePerSecond";

/** A physical value along an axis. */
export type Quantity =
  | { readonly type: "length"; readonly value: Centimetres }
  | { readonly type: "time"; readonly value: Seconds }
  | { readonly type: "velocity"; readonly value: CentimetresPerSecond };

/** One direction of a region that has a scale. */
export type Axis = {
  readonly unit: AxisUnit;
  /** Value of one pixel; finite and not zero. */
  readonly delta: number;
  /** A pixel of the picture whose value is known. */
  readonly zero: { readonly pixel: number; readonly value: number } | null;
};

/** Both directions of a region, each where it has a scale. */
export function axes(region: Region): { readonly x: Axis | null; readonly y: Axis | null } {
  const { bounds, referencePixel } = region;
  if (bounds === undefined) return { x: null, y: null };
  const x = zero(bounds.minX, referencePixel?.x, region.referenceValueX);
  const y = zero(bounds.minY, referencePixel?.y, region.referenceValueY);
  return { x: axis(region.unitsX, region.deltaX, x), y: axis(region.unitsY, region.deltaY, y) };
}

/** An axis, or none when the unit cannot be measured with or a pixel has no size. */
export function axis(unit: RegionUnit, delta: number | undefined, zero: Axis["zero"]): Axis | null {
  if (unit !== "centimetre" && unit !== "second" && unit !== "centimetrePerSecond") return null;
  if (delta === undefined || !Number.isFinite(delta) || delta === 0) return null;
  return { unit, delta, zero };
}

/** The value at a pixel coordinate of the picture, wherever that lies. */
export function quantityAt(along: Axis, pixel: number): Outcome<Quantity> {
  return outcome(() => {
    const value = valueAt(along, pixel);
    switch (along.unit) {
      case "centimetre":
        return { type: "length", value: finite<Centimetres>(value) };
      case "second":
        return { type: "time", value: finite<Seconds>(value) };
      case "centimetrePerSecond":
        return { type: "velocity", value: finite<CentimetresPerSecond>(value) };
    }
  });
}

export function valueAt({ delta, zero }: Axis, pixel: number): number {
  if (zero === null) throw new WithoutScale("noReference");
  return zero.value + (pixel - zero.pixel) * delta;
}

/** How far one pixel coordinate is from another, with its sign. */
export function offset({ delta }: Axis, from: number, to: number): number {
  return (to - from) * delta;
}

function zero(min: number, pixel: number | undefined, value: number | undefined): Axis["zero"] {
  if (pixel === undefined || value === undefined || !Number.isFinite(value)) return null;
  return { pixel: min + pixel, value };
}
