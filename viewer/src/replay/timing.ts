// What a stamp of the capture clock is on the relay's clock.
//
// Pure. The log says so for each publication; between two such entries the newest one holds, before the first that one. A recording
// without any (a publisher without stamps, or from before the log had them) begins when its picture did by the log, unless the
// two clocks agree anyway. Called by `table.ts`. Invariant: an RTP time is only ever widened towards the recording's own moments.

import { RTP_CLOCK_HZ } from "../wire/constants";
import type { StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";

const ROUND = 2 ** 32;
/** Clocks that are this near need no correction that anybody could see the sense of. */
const AGREES_US = 2_000_000;

/** Ticks of the capture clock in microseconds. */
export function ticksToUs(ticks: number): number {
  // Dividing first keeps what a double can hold.
  return (ticks / 9) * 100;
}

/** The moment with this RTP time that is nearest to `near`, in ticks. */
export function widen(rtpTime: number, near: number): number {
  const away = (((rtpTime - near) % ROUND) + ROUND) % ROUND;
  return near + (away < ROUND / 2 ? away : away - ROUND);
}

type Known = { readonly tick: number; readonly aheadUs: number };

export class Timing {
  readonly #known: readonly Known[];

  private constructor(known: readonly Known[]) {
    this.#known = known;
  }

  /** Of one stream whose recording reaches from one moment to another, in ticks. */
  static of(stream: StreamId, first: number, last: number, entries: readonly LogEntry[]): Timing {
    const known: Known[] = [];
    let began: number | null = null;
    for (const { at, event } of entries) {
      if (event.type === "streamStarted" && event.stream === stream) began ??= at;
      if (event.type !== "streamTimed" || event.stream !== stream) continue;
      const guess = Math.round((event.capturedRelay / 1e6) * RTP_CLOCK_HZ);
      const tick = widen(event.rtpTime, Math.min(Math.max(guess, first), last));
      known.push({ tick, aheadUs: event.capturedRelay - ticksToUs(tick) });
    }
    known.sort((a, b) => a.tick - b.tick);
    if (known.length === 0) {
      const aheadUs = began === null ? 0 : began - ticksToUs(first);
      known.push({ tick: first, aheadUs: Math.abs(aheadUs) > AGREES_US ? aheadUs : 0 });
    }
    return new Timing(known);
  }

  /** A moment of the capture clock on the relay's, in microseconds. */
  relayUs(tick: number): number {
    const held = this.#known.findLast((known) => known.tick <= tick) ?? this.#known[0];
    return ticksToUs(tick) + (held?.aheadUs ?? 0);
  }
}
