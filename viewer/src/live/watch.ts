// Watches how the picture arrives and says it in numbers for the badge.
//
// Owns the slow tick of a page (ages, silence, fading marks), the received bit rate and loss, and waking a dead connection.
// Called by `desk.ts`. Invariant: numbers come from frames that were painted here, never from what should arrive.

import { signal } from "@preact/signals";
import { imageAgeMs } from "./age";
import type { Consult } from "./consult";
import type { PaintedFrame } from "./frames";
import type { LivePicture } from "./picture";
import { type Level, level, STALE_AFTER_MS } from "./quality";

/** Stale must show within 500 ms + one tick. */
const TICK_MS = 200;
/** Bit rate is read from the browser's statistics this often. */
const STATS_EVERY_TICKS = 5;
/** Ages kept: one second at 60 frames a second. */
const KEPT_AGES = 60;

export type Badge = {
  readonly level: Level;
  readonly ageMs: number | null;
  readonly fps: number | null;
  readonly kbps: number | null;
  /** Packets that did not come at the first try; most are repaired. */
  readonly lossPercent: number | null;
  readonly silentMs: number | null;
  /** How old the frame is that stands there: since it was painted, and its age then as far as that is known. */
  readonly frameAgeMs: number | null;
};

const BEFORE: Badge = {
  level: "none",
  ageMs: null,
  fps: null,
  kbps: null,
  lossPercent: null,
  silentMs: null,
  frameAgeMs: null,
};

/** What has arrived since the connection was made. */
type Arrived = {
  readonly at: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
};

export class Watch {
  readonly badge = signal<Badge>(BEFORE);
  /** Moves with each tick; whatever depends on time reads it. */
  readonly tick = signal(0);
  #ages: number[] = [];
  #kbps: number | null = null;
  #lossPercent: number | null = null;
  #arrived: Arrived | null = null;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    readonly picture: LivePicture,
    readonly consult: Consult,
  ) {
    this.#timer = setInterval(() => this.#ticked(), TICK_MS);
  }

  painted(frame: PaintedFrame): void {
    const now = this.consult.clock.at(frame.paintedAt);
    const age = imageAgeMs(this.#stampOfStream(), frame.rtpTime, now);
    if (age === null) this.#ages = [];
    else this.#ages.push(age);
    if (this.#ages.length > KEPT_AGES) this.#ages.shift();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #stampOfStream(): ReturnType<Consult["stamp"]["peek"]> {
    const stamp = this.consult.stamp.peek();
    return stamp?.stream === this.consult.stream.peek() ? stamp : null;
  }

  #ticked(): void {
    const now = performance.now();
    const flow = this.consult.flow.peek();
    if (flow?.state === "live") this.picture.expectFrames(now);
    if (this.tick.peek() % STATS_EVERY_TICKS === 0) void this.#readArrival(now);
    const reading = {
      ageMs: median(this.#ages),
      fps: this.picture.fps(now),
      silentMs: this.#silentMs(now),
      sourceFps: flow?.source?.fps ?? null,
    };
    this.badge.value = {
      ...reading,
      frameAgeMs: this.#frameAgeMs(now),
      kbps: this.#kbps,
      lossPercent: this.#lossPercent,
      level: level(reading, this.badge.peek().level),
    };
    this.tick.value += 1;
  }

  /** A page that was hidden shows the frame of then: until one is painted, or is late, there is nothing to say of now. */
  #silentMs(now: number): number | null {
    const silentMs = this.picture.silentMs(now);
    const isAwaited = !this.picture.isOfNow && silentMs !== null && silentMs <= STALE_AFTER_MS;
    return isAwaited ? null : silentMs;
  }

  #frameAgeMs(now: number): number | null {
    const frame = this.picture.frame.peek();
    return frame === null ? null : now - frame.paintedAt + (this.#ages.at(-1) ?? 0);
  }

  async #readArrival(now: number): Promise<void> {
    const stats = await this.picture.peer?.getStats().catch(() => null);
    let arrived: Arrived | null = null;
    stats?.forEach((entry: RTCInboundRtpStreamStats) => {
      if (entry.type !== "inbound-rtp" || entry.kind !== "video") return;
      const { bytesReceived: bytes = 0, packetsReceived: packets = 0, packetsLost: lost = 0 } = entry;
      arrived = { at: now, bytes, packets, lost };
    });
    const change = between(this.#arrived, arrived);
    this.#arrived = arrived;
    this.#kbps = change?.kbps ?? null;
    this.#lossPercent = change?.lossPercent ?? null;
  }
}

/** None across a connection that was made anew. */
function between(before: Arrived | null, now: Arrived | null) {
  if (before === null || now === null || now.bytes < before.bytes) return null;
  // A packet that comes late after all is taken off the lost ones.
  const lost = Math.max(0, now.lost - before.lost);
  return {
    kbps: ((now.bytes - before.bytes) * 8) / (now.at - before.at),
    lossPercent: (100 * lost) / Math.max(1, now.packets - before.packets + lost),
  };
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}
