// What one measuring mark says: figures with units, pixels without one, or why there is nothing.
//
// Owns which figures belong to which kind of measurement. It computes none: the rules are the other files of this folder.
// Called by the stage for the words beside a mark and by the lists. Invariant: a figure in a unit of the body comes only
// with the scale it was computed with.

import type { Point } from "../wire/mark";
import type { Gauge, MeasureKind } from "../wire/measure";
import { outline } from "./area";
import type { Calibration, Measured, ScaleSource } from "./calibration";
import { angle, distance } from "./distance";
import { envelope, slope, velocity } from "./doppler";
import { type Shown, shown } from "./format";
import { calibrationOf } from "./gauge";
import { interval, mModeSlope, mModeSpan } from "./mmode";
import { fromFractions, type PixelPoint } from "./points";
import { heartRate } from "./rate";
import type { NoScale, Outcome, Refusal } from "./refusal";
import { apex, type Discs, discs, singlePlane } from "./simpson";
import type { Reading } from "./units";

/** What a figure is of. */
export type FigureName =
  | "length"
  | "depth"
  | "time"
  | "velocity"
  | "change"
  | "slope"
  | "depthSlope"
  | "area"
  | "perimeter"
  | "angle"
  | "vti"
  | "peak"
  | "mean"
  | "peakGradient"
  | "meanGradient"
  | "rate"
  | "volume"
  | "longAxis";

/** Units as they are written. */
export type UnitName = "cm" | "cm²" | "ms" | "cm/s" | "cm/s²" | "°" | "mmHg" | "/min" | "ml" | "%" | "px";

/** A number to show. */
export type Figure = Shown & { readonly name: FigureName; readonly unit: UnitName };

export type Answer =
  | {
      readonly type: "figures";
      /** The first is what the measurement is made for. An end of a beat has none: the rate follows from two of them. */
      readonly figures: readonly Figure[];
      readonly source: ScaleSource;
      /** The outline crosses itself. */
      readonly crossesItself: boolean;
    }
  | { readonly type: "uncalibrated"; readonly figures: readonly Figure[]; readonly reason: NoScale }
  | { readonly type: "refused"; readonly refusal: Refusal };

const MS_PER_S = 1_000;

/** What is measured by these points. */
export function answer(what: MeasureKind, points: readonly Point[], gauge: Gauge): Answer {
  const on = calibrationOf(gauge);
  const at = points.map((point) => fromFractions(point, gauge));
  switch (what.type) {
    case "caliper":
      return caliper(on, at);
    case "venaCava":
      return length(on, at);
    case "area":
      return told(outline(on, at), (m) => [
        figure("area", m.area, "cm²"),
        figure("perimeter", m.perimeter, "cm"),
      ]);
    case "angle": {
      const [from, vertex, to] = at;
      if (from === undefined || vertex === undefined || to === undefined) return TOO_FEW;
      return told(angle(on, [vertex, from], [vertex, to]), (m) => [figure("angle", m, "°")]);
    }
    case "velocity": {
      const [place] = at;
      if (place === undefined) return TOO_FEW;
      return told(velocity(on, place), (m) => [figure("velocity", m, "cm/s")]);
    }
    case "envelope":
      return told(envelope(on, at), (m) => [
        figure("vti", m.vti, "cm"),
        figure("peak", m.peak, "cm/s"),
        figure("mean", m.mean, "cm/s"),
        figure("peakGradient", m.peakGradient, "mmHg"),
        figure("meanGradient", m.meanGradient, "mmHg"),
        time(m.duration),
      ]);
    case "slope":
      return steepness(on, at);
    case "beatStart":
    case "beatEnd":
      return { type: "figures", figures: [], source: { type: "capture" }, crossesItself: false };
    case "heartRate": {
      const [from, to] = at;
      if (from === undefined || to === undefined) return TOO_FEW;
      return told(heartRate(on, from, to, what.beats), (m) => [figure("rate", m, "/min")]);
    }
    case "ventricle":
      return ventricle(on, at);
    default:
      // A kind that is newer than this page.
      return TOO_FEW;
  }
}

/** The discs of a ventricle's outline, for the volumes of two views. */
export function discsOf(points: readonly Point[], gauge: Gauge): Outcome<Measured<Discs>> {
  return cut(
    calibrationOf(gauge),
    points.map((point) => fromFractions(point, gauge)),
  );
}

const TOO_FEW: Answer = { type: "refused", refusal: "tooFewPoints" };

function ventricle(on: Calibration, wall: readonly PixelPoint[]): Answer {
  const view = cut(on, wall);
  if (view.type === "refused") return view;
  const volume = singlePlane(view.measured);
  if (volume.type === "refused") return volume;
  return told(view, ({ length: axis }) => [
    figure("volume", volume.measured, "ml"),
    figure("longAxis", axis, "cm"),
  ]);
}

function cut(on: Calibration, wall: readonly PixelPoint[]): ReturnType<typeof discs> {
  const top = apex(on, wall);
  if (top.type === "refused") return top;
  const [first, last] = [wall[0], wall.at(-1)];
  if (first === undefined || last === undefined) return { type: "refused", refusal: "tooFewPoints" };
  return discs(on, { outline: wall, annulus: [first, last], apex: top.measured });
}

/** What lies under the caliper decides: tissue, an M-mode strip, a Doppler strip, or any other strip over time. */
function caliper(on: Calibration, points: readonly PixelPoint[]): Answer {
  const [from, to] = points;
  if (from === undefined || to === undefined) return TOO_FEW;
  const tissue = length(on, points);
  if (tissue.type !== "uncalibrated") return tissue;
  const span = mModeSpan(on, from, to);
  if (span.type === "measured") return told(span, (m) => [time(m.time), figure("depth", m.distance, "cm")]);
  const acceleration = slope(on, from, to);
  const figures = acceleration.type === "measured" ? [figure("slope", acceleration.measured, "cm/s²")] : [];
  return told(interval(on, from, to), (m) => [time(m), ...change(on, from, to), ...figures], tissue);
}

/** From the velocity at one point to that at another, where the strip says where zero is. */
function change(on: Calibration, from: PixelPoint, to: PixelPoint): Figure[] {
  const [before, after] = [velocity(on, from), velocity(on, to)];
  if (before.type === "refused" || after.type === "refused") return [];
  const { value, step } = after.measured;
  return [{ name: "change", unit: "cm/s", ...shown(value - before.measured.value, step) }];
}

/** In M-mode of the depth, in Doppler of the velocity. */
function steepness(on: Calibration, points: readonly PixelPoint[]): Answer {
  const [from, to] = points;
  if (from === undefined || to === undefined) return TOO_FEW;
  const span = mModeSpan(on, from, to);
  if (span.type === "measured")
    return told(mModeSlope(on, from, to), (m) => [
      figure("depthSlope", m, "cm/s"),
      time(span.measured.time),
      figure("depth", span.measured.distance, "cm"),
    ]);
  const between = interval(on, from, to);
  return told(slope(on, from, to), (m) => [
    figure("slope", m, "cm/s²"),
    ...(between.type === "measured" ? [time(between.measured)] : []),
    ...change(on, from, to),
  ]);
}

function length(on: Calibration, points: readonly PixelPoint[]): Answer {
  const [from, to] = points;
  if (from === undefined || to === undefined) return TOO_FEW;
  const between = distance(on, from, to);
  if (between.type === "refused") return between;
  if (between.measured.type === "uncalibrated") {
    const { pixels, reason } = between.measured;
    return {
      type: "uncalibrated",
      figures: [{ name: "length", unit: "px", ...shown(pixels, 1) }],
      reason,
    };
  }
  const { length: measured } = between.measured;
  return told({ type: "measured", measured }, (m) => [figure("length", m, "cm")]);
}

function told<T extends { readonly source: ScaleSource; readonly crossesItself?: boolean }>(
  of: Outcome<T>,
  figures: (measured: T) => readonly Figure[],
  otherwise?: Answer,
): Answer {
  if (of.type === "refused") return otherwise ?? of;
  const { source, crossesItself = false } = of.measured;
  return { type: "figures", figures: figures(of.measured), source, crossesItself };
}

function figure(name: FigureName, { value, step }: Reading<number>, unit: UnitName): Figure {
  return { name, unit, ...shown(value, step) };
}

/** Times of the heart are read in milliseconds. */
function time({ value, step }: Reading<number>): Figure {
  return { name: "time", unit: "ms", ...shown(value * MS_PER_S, step * MS_PER_S) };
}
