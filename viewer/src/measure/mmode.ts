// Time and depth in strips.
//
// Owns the span between two points of an M-mode strip and its slope, and the time between two points of any strip that
// runs over time: M-mode, spectral, ECG. Spans have no sign: who measures may begin at either end.

import { offset } from "./axis";
import { type Calibration, locate, type Measured } from "./calibration";
import type { PixelPoint } from "./points";
import { type Outcome, outcome, Refused } from "./refusal";
import { mMode, time } from "./regions";
import { type Centimetres, type CentimetresPerSecond, type Reading, reading, type Seconds } from "./units";

/** What lies between two points of an M-mode strip. */
export type MModeSpan = {
  /** Along the strip. */
  readonly time: Reading<Seconds>;
  /** In depth only. */
  readonly distance: Reading<Centimetres>;
};

/** Time and depth between two points of an M-mode strip. */
export function mModeSpan(
  calibration: Calibration,
  from: PixelPoint,
  to: PixelPoint,
): Outcome<Measured<MModeSpan>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [from, to], mMode);
    return {
      time: reading<Seconds>(Math.abs(offset(scale.time, from.x, to.x)), scale.time.delta),
      distance: reading<Centimetres>(Math.abs(offset(scale.y, from.y, to.y)), scale.y.delta),
      source,
    };
  });
}

/** How fast the depth changes between two points of an M-mode strip, as of a leaflet that closes. */
export function mModeSlope(
  calibration: Calibration,
  from: PixelPoint,
  to: PixelPoint,
): Outcome<Measured<Reading<CentimetresPerSecond>>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [from, to], mMode);
    const seconds = Math.abs(offset(scale.time, from.x, to.x));
    if (seconds === 0) throw new Refused("noExtent");
    const change = Math.abs(offset(scale.y, from.y, to.y));
    return { ...reading<CentimetresPerSecond>(change / seconds, scale.y.delta / seconds), source };
  });
}

/** The time between two points of a strip. */
export function interval(
  calibration: Calibration,
  from: PixelPoint,
  to: PixelPoint,
): Outcome<Measured<Reading<Seconds>>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [from, to], time);
    return { ...reading<Seconds>(Math.abs(offset(scale, from.x, to.x)), scale.delta), source };
  });
}
