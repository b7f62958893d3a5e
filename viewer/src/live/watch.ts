// Watches how the picture arrives and says it in numbers for the badge.
//
// Owns the slow tick of a page (ages, silence, fading marks), the received bit rate, and waking a dead connection.
// Called by `desk.ts`. Invariant: numbers come from frames that were painted here, never from what should arrive.

import { signal } from "@preact/signals";
import { imageAgeMs } from "./age";
import type { Consult } from "./consult";
import type { PaintedFrame } from "./frames";
import type { LivePicture } from "./picture";
import { type Level, level } from "./quality";

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
  readonly silentMs: number | null;
};

const BEFORE: Badge = { level: "none", ageMs: null, fps: null, kbps: null, silentMs: null };

export class Watch {
  readonly badge = signal<Badge>(BEFORE);
  /** Moves with each tick; whatever depends on time reads it. */
  readonly tick = signal(0);
  #ages: number[] = [];
  #kbps: number | null = null;
  #bytes: { readonly at: number; readonly received: number } | null = null;
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
    if (this.tick.peek() % STATS_EVERY_TICKS === 0) void this.#readBitRate(now);
    const reading = {
      ageMs: median(this.#ages),
      fps: this.picture.fps(now),
      silentMs: this.picture.silentMs(now),
      sourceFps: flow?.source?.fps ?? null,
    };
    this.badge.value = { ...reading, kbps: this.#kbps, level: level(reading, this.badge.peek().level) };
    this.tick.value += 1;
  }

  async #readBitRate(now: number): Promise<void> {
    const stats = await this.picture.peer?.getStats().catch(() => null);
    let received: number | null = null;
    stats?.forEach((entry: { type: string; kind?: string; bytesReceived?: number }) => {
      if (entry.type === "inbound-rtp" && entry.kind === "video") received = entry.bytesReceived ?? null;
    });
    const before = this.#bytes;
    this.#bytes = received === null ? null : { at: now, received };
    this.#kbps =
      before === null || received === null || received < before.received
        ? null
        : ((received - before.received) * 8) / (now - before.at);
  }
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}
