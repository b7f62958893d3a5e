// What is known of a beat and where its loop stands: pure rules of frames and times.
//
// Times are those of capture: a loop runs as the heart beat, whatever the frame rate was and whichever frames are missing.
// Called by `beat.ts` and `consult.ts`. Invariant: distances are differences of RTP times, right across their wrap.

import type { FreezeId } from "../wire/ids";
import type { BeatFrame } from "../wire/original";
import type { RtpTime } from "../wire/units";
import { ticksSince } from "./age";

const TICKS_PER_MS = 90;
/** The eye needs to see where the loop begins anew. */
export const LOOP_PAUSE_MS = 300;
/** Nothing is foretold from fewer proven frames. */
const FORETELL_FROM = 3;
/** What is foretold may take this much longer. */
const FORETELL_MARGIN = 1.25;

/** Frames of a beat that is on its way. */
export type ArrivingBeat = {
  readonly freeze: FreezeId;
  readonly frames: readonly BeatFrame[];
  /** Frames that it will have. */
  readonly of: number;
};

/** Frames that came belong to what is known, unless that is another beat's. */
export function withFrames(before: ArrivingBeat | null, news: ArrivingBeat): ArrivingBeat {
  const { freeze, of } = news;
  const held = before?.freeze === freeze ? before.frames : [];
  return { freeze, of, frames: inOrder([...held, ...news.frames]) };
}

/** Oldest first, each once. */
export function inOrder(frames: readonly BeatFrame[]): BeatFrame[] {
  const last = frames.at(-1);
  if (last === undefined) return [];
  const sorted = [...frames].sort(
    (a, b) => ticksSince(a.rtpTime, last.rtpTime) - ticksSince(b.rtpTime, last.rtpTime),
  );
  return sorted.filter((frame, n) => frame.rtpTime !== sorted[n - 1]?.rtpTime);
}

/** When each frame is shown, in milliseconds from the first one. */
export function offsets(times: readonly RtpTime[]): number[] {
  const first = times[0];
  return first === undefined ? [] : times.map((time) => ticksSince(time, first) / TICKS_PER_MS);
}

/** The frame that is on the glass so long after the loop began; the last one stays a moment before it begins anew. */
export function frameAt(shownAt: readonly number[], elapsedMs: number): number {
  const last = shownAt.at(-1) ?? 0;
  const at = elapsedMs % (last + LOOP_PAUSE_MS);
  const next = shownAt.findIndex((offset) => offset > at);
  return next < 0 ? shownAt.length - 1 : Math.max(0, next - 1);
}

/**
 * Whether a loop that begins now finds each frame proven when its turn comes: `settled` of `of` frames are, and that took
 * `tookMs`; the loop lasts `spanMs`.
 */
export function mayBegin(settled: number, of: number, tookMs: number, spanMs: number): boolean {
  if (settled >= of) return true;
  if (settled < FORETELL_FROM) return false;
  return ((of - settled) * tookMs * FORETELL_MARGIN) / settled <= spanMs;
}
