// What is to be said of the recording: live, gap, filling, filled, and how much is missing.
//
// Pure. Reads the consult's state, which is the log's: a page that comes late says the same. Called by the strip.
// Invariant: as long as anything is missing, nothing says that the recording is whole.

import { RTP_CLOCK_HZ } from "../wire/constants";
import type { ConsultState, RecordingGap } from "../wire/socket";

export type RecordingPart =
  /** It goes on; or it stands still although the picture runs; or frames of a weak link are being replaced; or all is there. */
  | { readonly phase: "live" | "stopped" | "weak" | "whole" }
  | { readonly phase: "gap"; readonly count: number; readonly missingMs: number }
  | { readonly phase: "filling"; readonly percent: number; readonly missingMs: number }
  | { readonly phase: "filled"; readonly count: number; readonly ms: number };

export type RecordingPhase = RecordingPart["phase"];

/** Of the newest stream; nothing where nothing is recorded. */
export function recordingOf(state: ConsultState): readonly RecordingPart[] {
  const stream = state.streams.at(-1);
  const held = state.recordings.find((recording) => recording.stream === stream?.stream);
  if (stream === undefined || held === undefined) return [];
  const parts: RecordingPart[] = [];
  if (stream.live) parts.push({ phase: held.on ? "live" : "stopped" });
  const waiting = held.gaps.filter((gap) => gap.percent === null);
  const filling = held.gaps.filter((gap) => gap.percent !== null);
  if (filling.length > 0) {
    const whole = sum(filling, lengthMs);
    const missingMs = sum(filling, missing);
    const percent = whole === 0 ? 0 : Math.floor((1 - missingMs / whole) * 100);
    parts.push({ phase: "filling", percent, missingMs });
  }
  if (waiting.length > 0)
    parts.push({ phase: "gap", count: waiting.length, missingMs: sum(waiting, missing) });
  if (held.weakFrom !== null) parts.push({ phase: "weak" });
  if (held.filled > 0) parts.push({ phase: "filled", count: held.filled, ms: held.filledMs });
  const isWhole = held.wholeUntil !== null && held.gaps.length === 0 && held.weakFrom === null;
  if (isWhole) parts.push({ phase: "whole" });
  return parts;
}

/** In whole seconds; what is missing is never called nothing. */
export function wholeSeconds(ms: number): { readonly minutes: number; readonly seconds: number } {
  const all = Math.max(1, Math.ceil(ms / 1_000));
  return { minutes: Math.floor(all / 60), seconds: all % 60 };
}

/** RTP time comes round every 13 hours. */
function lengthMs({ before, after }: RecordingGap): number {
  return (((after - before) >>> 0) * 1_000) / RTP_CLOCK_HZ;
}

function missing(gap: RecordingGap): number {
  return lengthMs(gap) * (1 - (gap.percent ?? 0) / 100);
}

function sum(gaps: readonly RecordingGap[], of: (gap: RecordingGap) => number): number {
  return gaps.reduce((total, gap) => total + of(gap), 0);
}
