// Spectral Doppler: velocities, their change, and the trace around a jet.
//
// Owns what is read off a PW or CW strip. Velocities are those that the region states, and keep the sign that it gives
// them. Doppler Correction Angle (0018,6034) is carried with the region and is not applied: values are taken as stored,
// because the velocity axis is the one the device drew, and a second correction would overstate every value. A strip in
// hertz gives times but no velocities.

import { offset, valueAt } from "./axis";
import { type Calibration, locate, type Measured } from "./calibration";
import type { PixelPoint } from "./points";
import { type Outcome, outcome, Refused } from "./refusal";
import { type Strip, spectral } from "./regions";
import { checkTrace } from "./trace";
import {
  type Centimetres,
  type CentimetresPerSecond,
  type CentimetresPerSecondSquared,
  finite,
  type MillimetresOfMercury,
  type Reading,
  reading,
  type Seconds,
} from "./units";

/** Simplified Bernoulli equation: 4 v² with v in m/s gives mmHg (ASE 2009, assessment of valve stenosis). */
const BERNOULLI_MMHG_PER_M2_S2 = 4;
const CM_PER_M = 100;
/** How much of its duration a trace may run back: a trembling hand does, a closed loop runs back all of it. */
const MOST_BACKWARDS = 0.1;

/** A jet, from the trace around it. */
export type Envelope = {
  /** Velocity-time integral; negative below the baseline. */
  readonly vti: Reading<Centimetres>;
  /** From the first to the last point. */
  readonly duration: Reading<Seconds>;
  /** The velocity farthest from zero. */
  readonly peak: Reading<CentimetresPerSecond>;
  /** The mean over time. */
  readonly mean: Reading<CentimetresPerSecond>;
  /** By the peak velocity. */
  readonly peakGradient: Reading<MillimetresOfMercury>;
  /** The mean over time of the gradient, which is not the gradient of the mean velocity. */
  readonly meanGradient: Reading<MillimetresOfMercury>;
};

/** Integrals over a trace, forwards in time. */
type Sums = {
  readonly duration: number;
  readonly vti: number;
  /** Integral of the squared velocity. */
  readonly squares: number;
  readonly peak: number;
};

/** The velocity at a point, from the baseline that the region states. */
export function velocity(
  calibration: Calibration,
  at: PixelPoint,
): Outcome<Measured<Reading<CentimetresPerSecond>>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [at], spectral);
    return { ...reading<CentimetresPerSecond>(valueAt(scale.y, at.y), scale.y.delta), source };
  });
}

/** How fast the velocity changes between two points; the same whichever is named first. */
export function slope(
  calibration: Calibration,
  from: PixelPoint,
  to: PixelPoint,
): Outcome<Measured<Reading<CentimetresPerSecondSquared>>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [from, to], spectral);
    const seconds = offset(scale.time, from.x, to.x);
    if (seconds === 0) throw new Refused("noExtent");
    const change = offset(scale.y, from.y, to.y);
    return { ...reading<CentimetresPerSecondSquared>(change / seconds, scale.y.delta / seconds), source };
  });
}

/** What the trace around a jet gives. It may run either way in time. */
export function envelope(
  calibration: Calibration,
  trace: readonly PixelPoint[],
): Outcome<Measured<Envelope>> {
  return outcome(() => {
    checkTrace(trace, 2);
    const { scale, source } = locate(calibration, trace, spectral);
    const { duration, vti, squares, peak } = sumsOver(scale, trace);
    const y = scale.y.delta;
    return {
      // All of it half a pixel further out.
      vti: reading<Centimetres>(vti, (duration * y) / 2),
      duration: reading<Seconds>(duration, scale.time.delta),
      peak: reading<CentimetresPerSecond>(peak, y),
      mean: reading<CentimetresPerSecond>(vti / duration, y),
      peakGradient: pressure(gradient(peak), Math.abs(peak), y),
      meanGradient: pressure((gradient(1) * squares) / duration, Math.sqrt(squares / duration), y),
      source,
    };
  });
}

/** The difference of pressure that drives a jet, by the simplified Bernoulli equation. */
export function pressureGradient(of: CentimetresPerSecond): Outcome<MillimetresOfMercury> {
  return outcome(() => finite<MillimetresOfMercury>(gradient(of)));
}

function pressure(value: number, speed: number, pixel: number): Reading<MillimetresOfMercury> {
  return reading<MillimetresOfMercury>(value, gradient(speed + Math.abs(pixel)) - gradient(speed));
}

function gradient(cmPerSecond: number): number {
  return BERNOULLI_MMHG_PER_M2_S2 * (cmPerSecond / CM_PER_M) ** 2;
}

function sumsOver(scale: Strip, trace: readonly PixelPoint[]): Sums {
  let [forwards, backwards, vti, squares, peak] = [0, 0, 0, 0, 0];
  let before: { readonly x: number; readonly speed: number } | null = null;
  for (const { x, y } of trace) {
    const speed = valueAt(scale.y, y);
    if (Math.abs(speed) > Math.abs(peak)) peak = speed;
    if (before !== null) {
      const seconds = offset(scale.time, before.x, x);
      if (seconds > 0) forwards += seconds;
      else backwards -= seconds;
      vti += (seconds * (before.speed + speed)) / 2;
      // Exact where the velocity changes evenly, as the integral above takes it.
      squares += (seconds * (before.speed ** 2 + before.speed * speed + speed ** 2)) / 3;
    }
    before = { x, speed };
  }
  const way = forwards >= backwards ? 1 : -1;
  const duration = (forwards - backwards) * way;
  if (!(duration > 0)) throw new Refused("noExtent");
  if (Math.min(forwards, backwards) > duration * MOST_BACKWARDS) throw new Refused("turnsBack");
  return { duration, vti: vti * way, squares: Math.max(squares * way, 0), peak };
}
