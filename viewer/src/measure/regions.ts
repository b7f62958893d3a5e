// Regions that something can be measured in.
//
// Owns which regions measure at all, which units each sort of picture needs, whether a region can belong to a picture,
// and which scales no echo has. Banners, grey and colour bars, graphics and regions without a unit do not measure, and
// so never stand in the way of one that does. Finding the region of a point is `calibration.ts`.

import type { Size } from "../stage/points";
import type { Region, RegionBounds, RegionFormat } from "../wire/region";
import { type Axis, type AxisUnit, axes, axis } from "./axis";

/** No probe sees deeper; penetration ends near 30 cm. A deeper scale belongs to another picture or unit. */
const MAX_DEPTH_CM = 40;
/** No probe, intravascular ones included, shows so little; metres written as centimetres do. */
const MIN_DEPTH_CM = 0.2;
/** A full sector of the largest depth is this wide. */
const MAX_WIDTH_CM = 80;
/** The slowest sweep over the widest screen lasts some twenty seconds. */
const MAX_SWEEP_S = 120;
/** The fastest jets reach 7 m/s; no device draws a scale of 30 m/s from top to bottom. */
const MAX_VELOCITY_SPAN_CM_S = 3_000;
/** How far a region may reach beyond the picture before its scale is in doubt; a resized picture reaches farther. */
const OVERHANG_PER_CENT = 2;
/** Region Data Type codes of grey bar and colour bar (PS3.3 section C.8.5.5.1): their pixels are a legend. */
const LEGENDS: readonly number[] = [0xd, 0xe];

/** What a region that measures shows. */
export type RegionKind = "plane" | "mMode" | "spectral" | "waveform";

/** A region with a scale in at least one direction. */
export type Field = {
  readonly bounds: RegionBounds;
  readonly kind: RegionKind;
  readonly priority: boolean;
  readonly x: Axis | null;
  readonly y: Axis | null;
};

/** A two-dimensional picture's scale. */
export type Plane = { readonly x: Axis; readonly y: Axis };

/** A strip's scale: time to the side, something else up and down. */
export type Strip = { readonly time: Axis; readonly y: Axis };

const KINDS: Readonly<Partial<Record<RegionFormat, RegionKind>>> = {
  twoD: "plane",
  mMode: "mMode",
  spectral: "spectral",
  waveform: "waveform",
};

/** The region as a field, if it measures. */
export function fieldOf(region: Region): Field | null {
  const { bounds, dataType } = region;
  const kind = KINDS[region.spatialFormat];
  const { x, y } = axes(region);
  if (bounds === undefined || kind === undefined || (x === null && y === null)) return null;
  if (dataType === undefined || dataType === 0 || LEGENDS.includes(dataType)) return null;
  return { bounds, kind, priority: (region.flags & 1) === 0, x, y };
}

/** A plane with square pixels that no file describes. */
export function isotropic(bounds: RegionBounds, cmPerPixel: number): Field | null {
  const both = axis("centimetre", cmPerPixel, null);
  return both === null ? null : { bounds, kind: "plane", priority: true, x: both, y: both };
}

export function plane({ kind, x, y }: Field): Plane | null {
  if (kind !== "plane" || x?.unit !== "centimetre" || y?.unit !== "centimetre") return null;
  return { x, y };
}

export function mMode(field: Field): Strip | null {
  return strip(field, "mMode", "centimetre");
}

export function spectral(field: Field): Strip | null {
  return strip(field, "spectral", "centimetrePerSecond");
}

/** Time along a row, in whatever strip. */
export function time({ kind, x }: Field): Axis | null {
  return kind !== "plane" && x?.unit === "second" ? x : null;
}

function strip(field: Field, kind: RegionKind, unit: AxisUnit): Strip | null {
  const along = time(field);
  const { y } = field;
  return field.kind === kind && along !== null && y?.unit === unit ? { time: along, y } : null;
}

/** The smallest step a plane shows: the longer side of a pixel. */
export function pixelOf({ x, y }: Plane): number {
  return Math.max(Math.abs(x.delta), Math.abs(y.delta));
}

/** A waveform is a line over a picture that can still be seen and measured. */
export function isDrawnOver({ kind }: Field): boolean {
  return kind === "waveform";
}

/** Whether an echo can have this scale. */
export function isPlausible({ bounds, x, y }: Field): boolean {
  return fits(x, bounds.minX, bounds.maxX, false) && fits(y, bounds.minY, bounds.maxY, true);
}

function fits(along: Axis | null, min: number, max: number, isDepth: boolean): boolean {
  if (along === null) return true;
  const span = (max - min + 1) * Math.abs(along.delta);
  switch (along.unit) {
    case "centimetre":
      return isDepth ? span >= MIN_DEPTH_CM && span <= MAX_DEPTH_CM : span <= MAX_WIDTH_CM;
    case "second":
      return span <= MAX_SWEEP_S;
    case "centimetrePerSecond":
      return span <= MAX_VELOCITY_SPAN_CM_S;
  }
}

/** Whether a region has a place: left of right and above of below. */
export function isPlaced(bounds: RegionBounds | undefined): bounds is RegionBounds {
  return bounds !== undefined && bounds.minX <= bounds.maxX && bounds.minY <= bounds.maxY;
}

/** Whether a region reaches so far beyond the picture that the picture was resized and the region was not. */
export function reachesFarBeyond({ maxX, maxY }: RegionBounds, picture: Size): boolean {
  const most = (size: number) => size + Math.floor((size * OVERHANG_PER_CENT) / 100);
  return maxX > most(picture.width) || maxY > most(picture.height);
}
