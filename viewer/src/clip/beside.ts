// Two recorded pictures at the same moment: one sets the pace and waits for both, the other follows.
//
// Owns the beats that were set in each and moving the follower to the moment of the leader. Called by `parts/replay.tsx` for two clips, and by
// `parts/consult-replay-sides.tsx` for a clip beside a clip or a whole consult. Invariant: the follower shows one of its own frames, the one
// that stands at that moment, and says its own number.

import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Beats, sameMoment, toggleBeat } from "./phase";
import type { ClipPlayer } from "./player";

export type Pairing = "time" | "phase" | "apart";

/** What can stand beside something else. */
export type Timed = {
  /** The moment of the frame on its glass, in microseconds of its own time; null while there is none. */
  readonly glassUs: ReadonlySignal<number | null>;
  /** Shows what stands at such a moment, while another sets the pace. */
  goTo(us: number): void;
};

/** What can set the pace: its clock waits for what comes late beside it. */
export type Leading = Timed & { waitFor(isLate: () => boolean): () => void };
/** What can be waited for. */
export type Following = Timed & { readonly isLate: boolean };

/** The follower's moment for one of the leader's, from the beats of both; null when they say nothing. */
export type SamePhase = (us: number, beats: Beats, others: Beats) => number | null;

export class Beside<Leader extends Leading = ClipPlayer, Follower extends Following = ClipPlayer> {
  readonly pairing: Signal<Pairing>;
  readonly #beats = new Map<Timed, Signal<Beats>>();
  readonly #stops: readonly (() => void)[];

  constructor(
    readonly leader: Leader,
    readonly follower: Follower,
    pairing: Pairing = "time",
    readonly samePhase: SamePhase = sameMoment,
  ) {
    this.pairing = signal(pairing);
    for (const player of [leader, follower]) this.#beats.set(player, signal<Beats>([]));
    this.#stops = [
      effect(() => this.#pair()),
      leader.waitFor(() => this.pairing.peek() !== "apart" && follower.isLate),
    ];
  }

  beats(player: Timed): ReadonlySignal<Beats> {
    return this.#beats.get(player) ?? signal<Beats>([]);
  }

  /** Sets an R wave at the frame on the glass, or takes it away. */
  toggleBeat(player: Timed): void {
    const us = player.glassUs.peek();
    const beats = this.#beats.get(player);
    if (us !== null && beats !== undefined) beats.value = toggleBeat(beats.peek(), us);
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #pair(): void {
    const pairing = this.pairing.value;
    // What is on the leader's glass, and not what is due: the two must show the same moment.
    const us = this.leader.glassUs.value;
    const [own, other] = [this.beats(this.leader).value, this.beats(this.follower).value];
    if (pairing === "apart" || us === null) return;
    const there = pairing === "phase" ? this.samePhase(us, own, other) : us;
    if (there !== null) this.follower.goTo(there);
  }
}
