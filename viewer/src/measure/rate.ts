// Heart rate.
//
// Owns the rate from a number of whole cycles and the time they took, read off a strip or off the times of two frames.
// Which points are the same moment of a cycle is for the person who measures.

import { RTP_CLOCK_HZ } from "../wire/constants";
import type { RtpTime } from "../wire/units";
import { offset } from "./axis";
import { type Calibration, locate, type Measured } from "./calibration";
import type { PixelPoint } from "./points";
import { type Outcome, outcome, Refused } from "./refusal";
import { time } from "./regions";
import { type BeatsPerMinute, finite, type Reading, reading, type Seconds } from "./units";

const SECONDS_PER_MINUTE = 60;

/** The rate of `cycles` heart cycles between two points of a strip. */
export function heartRate(
  calibration: Calibration,
  from: PixelPoint,
  to: PixelPoint,
  cycles: number,
): Outcome<Measured<Reading<BeatsPerMinute>>> {
  return outcome(() => {
    const { scale, source } = locate(calibration, [from, to], time);
    const seconds = Math.abs(offset(scale, from.x, to.x));
    const beats = rate(seconds, cycles);
    return { ...reading<BeatsPerMinute>(beats, (beats * scale.delta) / seconds), source };
  });
}

/** The rate of `cycles` heart cycles between two frames, by the times they were taken at. */
export function heartRateBetween(first: Seconds, last: Seconds, cycles: number): Outcome<BeatsPerMinute> {
  return outcome(() => {
    const seconds = finite<Seconds>(Math.abs(finite<Seconds>(last) - finite<Seconds>(first)));
    return finite<BeatsPerMinute>(rate(seconds, cycles));
  });
}

/** The rate of `cycles` heart cycles between two frames of one stream, by their capture clock. */
export function heartRateOfFrames(first: RtpTime, last: RtpTime, cycles: number): Outcome<BeatsPerMinute> {
  // Signed, and right across the wrap of 32 bits.
  const ticks = (last - first) | 0;
  return heartRateBetween(0 as Seconds, (ticks / RTP_CLOCK_HZ) as Seconds, cycles);
}

function rate(seconds: number, cycles: number): number {
  if (!Number.isInteger(cycles) || cycles < 1) throw new Refused("noCycles");
  if (!(seconds > 0)) throw new Refused("noExtent");
  return (cycles * SECONDS_PER_MINUTE) / seconds;
}
