// Where a picture's scale comes from, and which scale holds at a place.
//
// Owns `Calibration` and the search for the region of some points. Of several regions over a point, one with high
// priority (PS3.3 section C.8.5.5.1.3) comes before one with low priority; a waveform, which is a line drawn over
// another picture, hides it from nobody who measures something else. All points must belong to the same region. It
// computes no measurement.

import type { Size } from "../stage/points";
import type { Region, RegionBounds } from "../wire/region";
import { isFinitePoint, liesIn, type PixelPoint } from "./points";
import { type NoScale, type Outcome, outcome, Refused, WithoutScale } from "./refusal";
import {
  type Field,
  fieldOf,
  isDrawnOver,
  isotropic,
  isPlaced,
  isPlausible,
  type RegionKind,
  reachesFarBeyond,
} from "./regions";
import type { Centimetres } from "./units";

/** Shortest depth scale that is taken: with both ends half a pixel off, every length is at most 2 % wrong. */
const MIN_DEPTH_SCALE_PIXELS = 50;

/** Where a value's scale comes from: a region of the file by its index, or a depth scale that somebody marked. */
export type ScaleSource =
  | { readonly type: "region"; readonly index: number }
  | { readonly type: "depthScale" }
  /** No scale of the picture: the times at which frames were captured. */
  | { readonly type: "capture" };

/** What was measured, together with where its scale comes from. */
export type Measured<T extends object> = T & { readonly source: ScaleSource };

/** All that is known about the scale of one picture. */
export type Calibration = {
  readonly picture: Size;
  readonly places: readonly Place[];
  /** No region that measures reaches far beyond the picture. */
  readonly fits: boolean;
};

/** A part of the picture. */
type Place = {
  readonly bounds: RegionBounds | null;
  readonly field: Field | null;
  readonly source: ScaleSource;
};

/** What a point lies in: a field with the units asked for, one without, a region that measures nothing, no region. */
type Stand = { readonly field: Field; readonly source: ScaleSource } | "elsewhere" | "bare" | "nowhere";

/** A scale, and where it was found. */
export type Located<T> = { readonly scale: T; readonly source: ScaleSource };

/** A depth scale that somebody marked in a picture which states none. */
export type DepthScale = {
  readonly ends: readonly [PixelPoint, PixelPoint];
  readonly between: Centimetres;
  /** The part of the picture that the scale holds for. */
  readonly within: RegionBounds;
};

/** The scale that a file states. */
export function fromRegions(regions: readonly Region[], picture: Size): Calibration {
  const places = regions.map((region, index): Place => {
    const source: ScaleSource = { type: "region", index };
    const { bounds } = region;
    return isPlaced(bounds)
      ? { bounds, field: fieldOf(region), source }
      : { bounds: null, field: null, source };
  });
  const beyond = places.some(({ field }) => field !== null && reachesFarBeyond(field.bounds, picture));
  return { picture, places, fits: !beyond };
}

/**
 * The scale of a picture that states none. Pixels are taken to be square, which a picture that was stretched on its way
 * does not keep.
 */
export function fromDepthScale({ ends, between, within }: DepthScale, picture: Size): Outcome<Calibration> {
  return outcome(() => {
    const [from, to] = ends;
    if (!ends.every(isFinitePoint) || !Number.isFinite(between)) throw new Refused("notFinite");
    const whole = { minX: 0, minY: 0, maxX: picture.width, maxY: picture.height };
    if (!ends.every((end) => liesIn(end, whole, picture))) throw new WithoutScale("outsideRegions");
    const inside = within.maxX < picture.width && within.maxY < picture.height;
    if (!inside || !isPlaced(within)) throw new WithoutScale("doesNotFit");
    const pixels = Math.hypot(to.x - from.x, to.y - from.y);
    if (pixels < MIN_DEPTH_SCALE_PIXELS || between <= 0) throw new Refused("noExtent");
    const field = isotropic(within, between / pixels);
    if (field === null || !isPlausible(field)) throw new WithoutScale("implausible");
    return { picture, places: [{ bounds: within, field, source: { type: "depthScale" } }], fits: true };
  });
}

/** What the region that covers all points shows, whatever can be measured there. */
export function kindAt(
  calibration: Calibration,
  points: readonly PixelPoint[],
): Outcome<Measured<{ readonly kind: RegionKind }>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, points, ({ kind }) => kind);
    return { kind: scale, source };
  });
}

/** The scale at all points, from the one region that covers them and has what `of` looks for. */
export function locate<T>(
  calibration: Calibration,
  points: readonly PixelPoint[],
  of: (field: Field) => T | null,
): Located<T> {
  if (points.length === 0) throw new Refused("tooFewPoints");
  if (!points.every(isFinitePoint)) throw new Refused("notFinite");
  if (calibration.places.length === 0) throw new WithoutScale("noRegions");
  if (!calibration.fits) throw new WithoutScale("doesNotFit");
  const found = common(points.map((point) => stand(calibration, point, of)));
  if (typeof found === "string") throw new WithoutScale(found);
  if (!isPlausible(found.field)) throw new WithoutScale("implausible");
  const scale = of(found.field);
  if (scale === null) throw new WithoutScale("noUnit");
  return { scale, source: found.source };
}

/** What a point lies in. The highest priority wins, then what has the units asked for, then the file's order. */
function stand<T>(calibration: Calibration, point: PixelPoint, of: (field: Field) => T | null): Stand {
  let best: { readonly place: Stand; readonly rank: number } | null = null;
  let other: "elsewhere" | "bare" | "nowhere" = "nowhere";
  for (const { bounds, field, source } of calibration.places) {
    if (bounds === null || !liesIn(point, bounds, calibration.picture)) continue;
    if (field === null) {
      if (other === "nowhere") other = "bare";
      continue;
    }
    const serves = of(field) !== null;
    if (!serves && isDrawnOver(field)) {
      other = "elsewhere";
      continue;
    }
    const rank = (field.priority ? 2 : 0) + (serves ? 1 : 0);
    if (best === null || rank > best.rank) best = { place: serves ? { field, source } : "elsewhere", rank };
  }
  return best?.place ?? other;
}

/** The place that all points lie in, or why there is none. */
function common(stands: readonly Stand[]): Exclude<Stand, string> | NoScale {
  if (stands.includes("nowhere")) return "outsideRegions";
  const first = stands.find((one) => typeof one !== "string");
  if (first === undefined) return "noUnit";
  if (stands.every((one) => typeof one !== "string" && one.field === first.field)) return first;
  return stands.includes("bare") ? "outsideRegions" : "crossesRegions";
}
