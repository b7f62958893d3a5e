// The frame table of a clip as a player asks it: which frame at which time, which frame of the stream, what is here.
//
// Pure, over one `ClipTable` of the relay; a newer table of the same clip replaces it whole. Called by everything that
// plays. Invariant: a frame is found by its number or its stored time and never by time × rate.

import type { ClipHead, ClipTable } from "../wire/clip";
import type { Region } from "../wire/region";
import type { RtpTime } from "../wire/units";

/** How long a still stands, and the last frame of a clip without rising times. */
const USUAL_INTERVAL_US = 33_333;

/** From the first to the last frame of a stretch, both included. */
export type Stretch = { readonly from: number; readonly to: number };

export class FrameTable {
  readonly #byRtp: ReadonlyMap<number, number>;
  /** Whether the times rise, so that it can be played and not only stepped. */
  readonly canPlay: boolean;
  /** From the first frame until the last one has stood as long as frames usually do, in microseconds. */
  readonly lengthUs: number;

  private constructor(readonly table: ClipTable) {
    const { frames } = table;
    this.#byRtp = new Map(frames.flatMap(({ rtpTime }, i) => (rtpTime === undefined ? [] : [[rtpTime, i]])));
    const intervals = frames.slice(1).map(({ atUs }, i) => atUs - this.atUs(i));
    this.canPlay = frames.length > 1 && intervals.every((interval) => interval > 0);
    this.lengthUs = this.atUs(frames.length - 1) + (this.canPlay ? median(intervals) : USUAL_INTERVAL_US);
  }

  /** Null when what the relay says of the frames contradicts itself: such a clip must not be played as if it were right. */
  static read(table: ClipTable): FrameTable | null {
    const { head, frames } = table;
    const sound = frames.every(({ atUs }) => Number.isSafeInteger(atUs) && atUs >= 0);
    return frames.length > 0 && frames.length === head.frames && sound ? new FrameTable(table) : null;
  }

  get head(): ClipHead {
    return this.table.head;
  }

  get count(): number {
    return this.table.frames.length;
  }

  /** A person marked the scale of the regions; the device did not state it. */
  get handScale(): boolean {
    return this.table.handScale;
  }

  get regions(): readonly Region[] {
    return this.table.regions;
  }

  /** Whether everything is here. */
  get isWhole(): boolean {
    return this.table.frames.every(({ here }) => here);
  }

  /** Microseconds after the first frame. */
  atUs(index: number): number {
    return this.table.frames[index]?.atUs ?? 0;
  }

  /** When a frame gives way to the next one. */
  untilUs(index: number): number {
    return index + 1 < this.count ? this.atUs(index + 1) : this.lengthUs;
  }

  rtpTime(index: number): RtpTime | null {
    return this.table.frames[index]?.rtpTime ?? null;
  }

  isHere(index: number): boolean {
    return this.table.frames[index]?.here ?? false;
  }

  /** The frame of the stream with exactly this RTP time. */
  indexOf(rtpTime: RtpTime): number | null {
    return this.#byRtp.get(rtpTime) ?? null;
  }

  /** The frame that stands at a time: the last one that has begun. */
  frameAt(us: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.atUs(middle) <= us) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Stretches of frames whose bytes are here. */
  here(): Stretch[] {
    const stretches: Stretch[] = [];
    for (let i = 0; i < this.count; i += 1) {
      if (!this.isHere(i)) continue;
      const last = stretches.at(-1);
      if (last?.to === i - 1) stretches[stretches.length - 1] = { from: last.from, to: i };
      else stretches.push({ from: i, to: i });
    }
    return stretches;
  }

  clamp(index: number): number {
    return Math.min(Math.max(Math.round(index), 0), this.count - 1);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? USUAL_INTERVAL_US;
}
