// The golden vectors of measuring, as `tests/vectors/measure.json` writes them; the rules in Rust hold them as well.
//
// Owns their form and the way from it to the types of `measure`. It computes nothing.

import json from "../../tests/vectors/measure.json?raw";
import { type Calibration, fromDepthScale, fromRegions } from "../src/measure/calibration";
import { type PixelPoint, pixelPoint } from "../src/measure/points";
import type { Outcome } from "../src/measure/refusal";
import type { Ventricle } from "../src/measure/simpson";
import type { Centimetres } from "../src/measure/units";
import type { Size } from "../src/stage/points";
import type { Region, RegionBounds } from "../src/wire/region";

/** A number; null stands for one that is none. */
type Num = number | null;
type Pair = readonly [Num, Num];

export type Picture = {
  readonly picture: Size;
  readonly regions?: readonly Region[];
  readonly depthScale?: {
    readonly ends: readonly [Pair, Pair];
    readonly between: number;
    readonly within: RegionBounds;
  };
};

export type Drawn = {
  readonly on: string;
  readonly outline: readonly Pair[];
  readonly annulus: readonly [Pair, Pair];
  readonly apex: Pair;
};

export type Expected = {
  readonly refusal?: string;
  readonly uncalibrated?: { readonly pixels: number; readonly reason: string };
  readonly values?: Readonly<Record<string, readonly [number, string]>>;
  readonly source?: string;
  readonly flags?: Readonly<Record<string, boolean>>;
  readonly decimals?: Readonly<Record<string, number>>;
  readonly kind?: string;
  readonly shown?: { readonly value: number; readonly decimals: number };
};

export type Vector = {
  readonly name: string;
  readonly operation: string;
  readonly on?: string;
  readonly points?: readonly Pair[];
  readonly fractions?: readonly [number, number];
  readonly numbers?: readonly Num[];
  readonly region?: number;
  readonly cycles?: number;
  readonly ventricles?: readonly Drawn[];
  readonly tolerance?: number;
  readonly expect: Expected;
};

type File = {
  readonly pictures: Readonly<Record<string, Picture>>;
  readonly vectors: readonly Vector[];
};

const file: File = JSON.parse(json);

export const VECTORS: readonly Vector[] = file.vectors;

/** How near a number has to be where its vector says nothing. */
export const EXACT = 1e-9;

export function pictureOf(name: string | undefined): Picture {
  const found = file.pictures[name ?? ""];
  if (found === undefined) throw new Error(`there is no picture ${name}`);
  return found;
}

export function calibrationOf(name: string | undefined): Outcome<Calibration> {
  const { picture, regions, depthScale } = pictureOf(name);
  if (depthScale === undefined) {
    return { type: "measured", measured: fromRegions(regions ?? [], picture) };
  }
  const { ends, between, within } = depthScale;
  const marked = { ends: [pixel(ends[0]), pixel(ends[1])], between: between as Centimetres, within } as const;
  return fromDepthScale(marked, picture);
}

export function pointsOf({ points }: Vector): PixelPoint[] {
  return (points ?? []).map(pixel);
}

export function numberOf({ numbers }: Vector, index: number): number {
  return numbers?.[index] ?? Number.NaN;
}

export function ventricleOf({ outline, annulus, apex }: Drawn): Ventricle {
  return {
    outline: outline.map(pixel),
    annulus: [pixel(annulus[0]), pixel(annulus[1])],
    apex: pixel(apex),
  };
}

function pixel([x, y]: Pair): PixelPoint {
  return pixelPoint(x ?? Number.NaN, y ?? Number.NaN);
}
