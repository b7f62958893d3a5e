// The packets of one recorded voice: which are here, and asking for those that come.
//
// Owns what is kept and what is under way; knows no sound. Called by `voice.ts`. Invariants: all packets of the stretch that is said
// to be here are here; an answer that nobody waits for any more changes nothing; at most `MAX_ASKS` answers are under way.

import type { ReplayVoice } from "../wire/replay";
import type { Packet } from "./units";

/** Packets are asked for when fewer than this much is left. */
export const FETCH_AHEAD_US = 20_000_000;
/** What is over for longer goes. */
const KEPT_BEHIND_US = 30_000_000;
/** Answers are long: a slider that is dragged asks for no more of them. */
const MAX_ASKS = 2;
/** After a failure. */
const AGAIN_MS = 1_000;

export type PacketsOf = (track: string, fromUs: number) => Promise<Packet[]>;

type Asked = { readonly fromUs: number };

export class VoicePackets {
  #packets: Packet[] = [];
  /** All packets from here… */
  #fromUs = Number.POSITIVE_INFINITY;
  /** …to here are here. */
  #untilUs = Number.NEGATIVE_INFINITY;
  /** The answer that is waited for. */
  #asked: Asked | null = null;
  #asks = 0;
  #wantedUs = 0;

  constructor(
    public about: ReplayVoice,
    readonly packetsOf: PacketsOf,
    readonly onFault: (cause: unknown) => void,
  ) {}

  spokenAt(us: number): boolean {
    return this.about.spoken.some(([from, until]) => from <= us && us < until);
  }

  /** What is here of a stretch, in order; its end is not part of it. */
  between(fromUs: number, untilUs: number): readonly Packet[] {
    const first = this.#before(fromUs);
    return first < this.#packets.length ? this.#packets.slice(first, this.#before(untilUs)) : [];
  }

  /** This moment is due: what follows it should be here. */
  want(us: number): void {
    this.#wantedUs = us;
    const isHere = this.#fromUs <= us && us <= this.#untilUs;
    const fromUs = isHere ? this.#untilUs : us;
    const held = this.#asked?.fromUs ?? Number.POSITIVE_INFINITY;
    if (isHere ? held === fromUs : held <= us && us < held + FETCH_AHEAD_US) return;
    // What is under way is of a place that somebody left.
    this.#asked = null;
    const endUs = this.about.spoken.at(-1)?.[1] ?? 0;
    if (fromUs >= endUs || (isHere && fromUs > us + FETCH_AHEAD_US) || this.#asks >= MAX_ASKS) return;
    void this.#ask({ fromUs }, endUs);
  }

  async #ask(asked: Asked, endUs: number): Promise<void> {
    this.#asked = asked;
    this.#asks += 1;
    try {
      const packets = await this.packetsOf(this.about.track, asked.fromUs);
      if (this.#asked !== asked) return;
      this.#asked = null;
      this.#take(packets, asked.fromUs, endUs);
    } catch (cause) {
      this.onFault(cause);
      setTimeout(() => {
        if (this.#asked === asked) this.#asked = null;
      }, AGAIN_MS);
    } finally {
      this.#asks -= 1;
    }
  }

  #take(packets: readonly Packet[], fromUs: number, endUs: number): void {
    if (fromUs !== this.#untilUs) {
      this.#packets = [];
      this.#fromUs = fromUs;
    }
    const overUs = this.#wantedUs - KEPT_BEHIND_US;
    if (this.#fromUs < overUs) {
      this.#packets.splice(0, this.#before(overUs));
      this.#fromUs = overUs;
    }
    this.#packets.push(...packets);
    const last = packets.at(-1);
    // An answer without any says that there are none up to where the voice ended when it was asked.
    this.#untilUs = last === undefined ? endUs : last.atUs + 1;
  }

  /** How many lie before a moment. */
  #before(us: number): number {
    let low = 0;
    let high = this.#packets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#packets[middle]?.atUs ?? 0) < us) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
