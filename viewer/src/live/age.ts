// Image age: how old the frame on the glass is.
//
// The relay announces stamps (one frame's RTP time and when it was captured, by the relay's clock); the RTP clock is
// linear in between, so age = now − capture(rtpTimestamp). Called for each painted frame.
// Invariant: a stream without stamps, or a page that does not know the relay's clock yet, has no age; it is never
// guessed from the time of arrival.

import { RTP_CLOCK_HZ } from "../wire/constants";
import type { StreamId } from "../wire/ids";
import type { RelayTime, RtpTime } from "../wire/units";

export type Stamp = {
  readonly stream: StreamId;
  readonly rtpTime: RtpTime;
  readonly capturedRelay: RelayTime;
  readonly errorUs: number;
};

/** A frame from further in the future than this is none: the relay follows a clock that was set from 2 s on. */
const CONTRADICTION_MS = 1_000;

const US_PER_TICK = 1_000_000 / RTP_CLOCK_HZ;

/** Signed distance in ticks, right across the wrap of 32 bits (RFC 3550 modular arithmetic). */
export function ticksSince(later: RtpTime, earlier: RtpTime): number {
  return (later - earlier) | 0;
}

/** When a frame was captured, by the relay's clock. */
export function capturedAt(stamp: Stamp, rtpTime: RtpTime): RelayTime {
  return (stamp.capturedRelay + ticksSince(rtpTime, stamp.rtpTime) * US_PER_TICK) as RelayTime;
}

/** Age in milliseconds of a frame at the relay's time `now`; null when it cannot be known. */
export function imageAgeMs(stamp: Stamp | null, rtpTime: RtpTime, now: RelayTime | null): number | null {
  if (stamp === null || now === null) return null;
  const ageMs = (now - capturedAt(stamp, rtpTime)) / 1000;
  // A clock was set and this page, or the agent, does not know yet: no age is better than a fresh one.
  if (ageMs < -CONTRADICTION_MS) return null;
  // Two clocks, each known within its error, can make a fresh frame look slightly newer than now.
  return Math.max(0, ageMs);
}
