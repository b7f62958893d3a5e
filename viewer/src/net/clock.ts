// The relay's clock, as this page knows it.
//
// Learns from ping and pong: the quickest answer of the last few tells best, and its half round trip is the error
// (Cristian's algorithm). Image age and the fading of quick marks are computed in it. Fed by the consult socket.
// Invariant: `now` runs at the rate of `performance.now`, so ages never jump with the wall clock of the tablet.

import type { RelayTime } from "../wire/units";

/** Answers kept: about a minute of pings, so that a slow drift of the two clocks is followed. */
const KEPT_SAMPLES = 12;
/** A new answer that contradicts the old ones by more than this means that one of the clocks was set or slept. */
const JUMP_US = 500_000;

type Sample = { readonly offsetUs: number; readonly roundTripUs: number };

export class RelayClock {
  /** Newest last; at most `KEPT_SAMPLES`. */
  #samples: Sample[] = [];
  #best: Sample | null = null;

  /** Notes an answer: asked at `sentMs`, came at `cameMs` (both `performance.now`), said `relayTime`. */
  heard(sentMs: number, cameMs: number, relayTime: RelayTime): void {
    const roundTripUs = Math.max(0, (cameMs - sentMs) * 1000);
    const sample = { offsetUs: relayTime - ((sentMs + cameMs) / 2) * 1000, roundTripUs };
    const before = this.#best;
    if (before !== null && Math.abs(sample.offsetUs - before.offsetUs) > roundTripUs + JUMP_US)
      this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
    this.#best = this.#samples.reduce((a, b) => (b.roundTripUs <= a.roundTripUs ? b : a), sample);
  }

  /** The relay's time at the moment `atMs` of `performance.now`, or null before the first answer. */
  at(atMs: number): RelayTime | null {
    return this.#best === null ? null : ((atMs * 1000 + this.#best.offsetUs) as RelayTime);
  }

  /** How wrong `at` may be. */
  get errorUs(): number {
    return this.#best === null ? Number.POSITIVE_INFINITY : this.#best.roundTripUs / 2;
  }
}
