// What the badge says: one word for the state of the picture, from age, frame rate and silence.
//
// Pure; `now` comes in. Thresholds from decision record 0008 (Xu 2014: up to 300 ms suits, 400 tires), and a picture under
// 15 frames a second is choppy. Called once per tick by the watch, shown by the badge.
// Invariant: a stopped picture is never called good, whatever its last age was.

/** No new frame for this long is a stopped picture. */
export const STALE_AFTER_MS = 500;
const LATE_FROM_MS = 400;
/** Back to good only below this, so that the word does not flicker. */
const GOOD_BELOW_MS = 340;
const CHOPPY_BELOW_FPS = 15;
const SMOOTH_FROM_FPS = 18;

export type Level = "good" | "late" | "choppy" | "stopped" | "none";

export type Reading = {
  /** Null when it cannot be known. */
  readonly ageMs: number | null;
  /** Null while it does not run for a second yet. */
  readonly fps: number | null;
  /** Since the newest frame was painted; null before the first. */
  readonly silentMs: number | null;
  /** Frames a second that the source makes, when the relay says so: a slow source is not a bad link. */
  readonly sourceFps: number | null;
};

export function level(reading: Reading, before: Level): Level {
  if (reading.silentMs === null) return "none";
  if (reading.silentMs > STALE_AFTER_MS) return "stopped";
  const lateFrom = before === "late" ? GOOD_BELOW_MS : LATE_FROM_MS;
  if (reading.ageMs !== null && reading.ageMs >= lateFrom) return "late";
  const floor = before === "choppy" ? SMOOTH_FROM_FPS : CHOPPY_BELOW_FPS;
  const expected = reading.sourceFps === null ? floor : Math.min(floor, reading.sourceFps * 0.8);
  return reading.fps !== null && reading.fps < expected ? "choppy" : "good";
}
