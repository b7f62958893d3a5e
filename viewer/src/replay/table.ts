// The frame table of one recorded picture, laid on the relay's time.
//
// Pure. Owns the way between moments and frames, where decoding can begin, which frames cannot be decoded because some before
// them never arrived, and what of the time is what. Made from the relay's columns; made anew when a recording grew or healed.
// Invariant: a frame is due from its own moment until that of the next one, and a hole is never filled with what was before it.

import type { StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { ReplayCoding, ReplayFrames } from "../wire/replay";
import type { RecordingGap } from "../wire/socket";
import type { RtpTime } from "../wire/units";
import type { Span } from "./clock";
import { Timing, widen } from "./timing";

/** No new frame for so long is a stopped picture (decision record 0008). */
const LONGEST_US = 500_000;
/** In a hole that the log knows, frames are missing where one comes so many times later than they do. */
const MISSING_STEPS = 3;

/** What a part of the time is. */
export type Band = Span & { readonly what: "live" | "filled" | "missing" };

export class PictureTable {
  readonly count: number;
  /** Moment of each frame on the relay's clock, in microseconds, rising. */
  readonly atUs: Float64Array;

  private constructor(
    readonly stream: StreamId,
    /** Moment of each frame on the capture clock, in ticks. */
    readonly ticks: Float64Array,
    /** From which frame on which coding holds. */
    readonly codings: readonly ReplayCoding[],
    /** Frames at which decoding can begin, rising. */
    readonly keys: readonly number[],
    readonly isFilled: Uint8Array,
    /** Bytes of each. */
    readonly sizes: Uint32Array,
    /** Frames that can be decoded. */
    readonly isSound: Uint8Array,
    timing: Timing,
  ) {
    this.count = ticks.length;
    this.atUs = new Float64Array(this.count);
    let before = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < this.count; index += 1) {
      // Where somebody set a clock two frames may fall on each other; they stay in order.
      before = Math.max(before + 1, timing.relayUs(ticks[index] ?? 0));
      this.atUs[index] = before;
    }
  }

  /** From all parts of a table, in order; `gaps` are the holes that the log still knows. */
  static of(
    stream: StreamId,
    parts: readonly ReplayFrames[],
    gaps: readonly RecordingGap[],
    entries: readonly LogEntry[],
  ): PictureTable {
    const count = parts.reduce((sum, part) => sum + part.steps.length, 0);
    const ticks = new Float64Array(count);
    const isFilled = new Uint8Array(count);
    const sizes = new Uint32Array(count);
    const codings: ReplayCoding[] = [];
    const keys: number[] = [];
    let base = 0;
    for (const part of parts) {
      let tick = part.first;
      part.steps.forEach((step, place) => {
        tick += step;
        ticks[base + place] = tick;
      });
      for (const key of part.keys) keys.push(base + key);
      sizes.set(part.bytes, base);
      for (const [first, length] of part.filled) isFilled.fill(1, base + first, base + first + length);
      for (const coding of part.codings) codings.push({ ...coding, from: base + coding.from });
      base += part.steps.length;
    }
    const timing = Timing.of(stream, ticks[0] ?? 0, ticks[count - 1] ?? 0, entries);
    const isSound = soundness(ticks, keys, gaps);
    return new PictureTable(stream, ticks, codings, keys, isFilled, sizes, isSound, timing);
  }

  /** The frame that is due at a moment: the last one that is not later. -1 before the first. */
  at(us: number): number {
    return lastNotAbove(this.atUs, us);
  }

  /** Whether there is a picture at this moment, and not a hole. */
  isCovered(us: number): boolean {
    const index = this.at(us);
    const next = this.atUs[index + 1];
    const since = us - (this.atUs[index] ?? Number.NEGATIVE_INFINITY);
    if (index < 0 || since <= LONGEST_US) return index >= 0;
    return next !== undefined && next - (this.atUs[index] ?? 0) <= LONGEST_US;
  }

  /** The frame with this RTP time; null when it was not recorded. */
  find(rtpTime: RtpTime, nearUs: number): number | null {
    const near = this.ticks[Math.max(0, this.at(nearUs))];
    if (near === undefined) return null;
    const index = this.indexOf(widen(rtpTime, near));
    return index < 0 ? null : index;
  }

  /** The frame of a moment of the capture clock; -1 when there is none. */
  indexOf(tick: number): number {
    const index = lastNotAbove(this.ticks, tick);
    return this.ticks[index] === tick ? index : -1;
  }

  /** The frame at which decoding begins for this one; null when there is none before it. */
  keyBefore(index: number): number | null {
    const place = lastNotAbove(this.keys, index);
    return this.keys[place] ?? null;
  }

  /**
   * The moments of the frames that are the same here as in `before`, and stand on the same ones from their key frame on: only what was
   * decoded of those is still right.
   */
  sameAs(before: PictureTable): ReadonlySet<number> {
    const same = new Set<number>();
    const starts = new Set(this.keys);
    const started = new Set(before.keys);
    let isSame = false;
    let last = -1;
    for (let index = 0; index < this.count; index += 1) {
      const tick = this.ticks[index] ?? 0;
      const place = before.ticks[last + 1] === tick ? last + 1 : before.indexOf(tick);
      const isKey = starts.has(index);
      const isHeld =
        place >= 0 &&
        isKey === started.has(place) &&
        this.sizes[index] === before.sizes[place] &&
        this.isFilled[index] === before.isFilled[place];
      isSame = isHeld && (isKey || (isSame && place === last + 1));
      if (isSame) same.add(tick);
      last = place < 0 ? last : place;
    }
    return same;
  }

  coding(index: number): ReplayCoding | null {
    return this.codings.findLast((coding) => coding.from <= index) ?? null;
  }

  /** What the time from the first to the last frame is. */
  bands(): Band[] {
    const bands: Band[] = [];
    const put = (from: number, until: number, what: Band["what"]) => {
      const last = bands.at(-1);
      if (last?.what === what) bands[bands.length - 1] = { ...last, until };
      else bands.push({ from, until, what });
    };
    for (let index = 0; index < this.count; index += 1) {
      const from = this.atUs[index] ?? 0;
      const until = this.atUs[index + 1] ?? from;
      const isHole = until - from > LONGEST_US;
      const what = this.isSound[index] === 0 ? "missing" : this.isFilled[index] === 1 ? "filled" : "live";
      put(from, isHole ? from : until, what);
      if (isHole) put(from, until, "missing");
    }
    return bands;
  }
}

/**
 * A frame stands on all before it from its key frame on: behind a hole nothing does, until the next key frame. The log of a consult
 * that was closed does not hear any more that a hole was filled, so it counts as far as frames are missing in it.
 */
function soundness(ticks: Float64Array, keys: readonly number[], gaps: readonly RecordingGap[]): Uint8Array {
  const isSound = new Uint8Array(ticks.length);
  const middle = ticks[ticks.length >> 1] ?? 0;
  const holes = gaps.map(({ before, after }) => [widen(before, middle), widen(after, middle)] as const);
  const missing = MISSING_STEPS * medianStep(ticks);
  const starts = new Set(keys);
  let sound = 0;
  for (let index = 0; index < ticks.length; index += 1) {
    const [last, tick] = [ticks[index - 1] ?? Number.POSITIVE_INFINITY, ticks[index] ?? 0];
    if (tick - last > missing && holes.some(([before, after]) => before <= last && tick <= after)) sound = 0;
    if (starts.has(index)) sound = 1;
    isSound[index] = sound;
  }
  return isSound;
}

function medianStep(ticks: Float64Array): number {
  const steps = ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0));
  return steps.sort()[steps.length >> 1] ?? 0;
}

/** The place of the last number that is not above `value` in a rising list; -1 when all are. */
export function lastNotAbove(rising: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
