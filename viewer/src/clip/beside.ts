// Two clips at the same moment: one sets the pace, the other follows.
//
// Owns the beats that were set in each and moving the follower to the moment of the leader. Called by `parts/replay.tsx`.
// Invariant: the follower shows one of its own frames, the one that stands at that moment, and says its own number.

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { type Beats, sameMoment, toggleBeat } from "./phase";
import type { ClipPlayer } from "./player";

export type Pairing = "time" | "phase" | "apart";

export class Beside {
  readonly pairing = signal<Pairing>("time");
  readonly #beats = new Map<ClipPlayer, ReturnType<typeof signal<Beats>>>();
  readonly #stop: () => void;

  constructor(
    readonly leader: ClipPlayer,
    readonly follower: ClipPlayer,
  ) {
    for (const player of [leader, follower]) this.#beats.set(player, signal<Beats>([]));
    this.#stop = effect(() => this.#pair());
  }

  beats(player: ClipPlayer): ReadonlySignal<Beats | undefined> {
    return this.#beats.get(player) ?? signal<Beats>([]);
  }

  /** Sets an R wave at the frame on the glass, or takes it away. */
  toggleBeat(player: ClipPlayer): void {
    const table = player.table.peek();
    const index = player.shown.peek();
    const beats = this.#beats.get(player);
    if (table === null || index === null || beats === undefined) return;
    beats.value = toggleBeat(beats.peek() ?? [], table.atUs(index));
  }

  close(): void {
    this.#stop();
  }

  #pair(): void {
    const pairing = this.pairing.value;
    const table = this.leader.table.value;
    const others = this.follower.table.value;
    // What is on the leader's glass, and not what is due: the two must show the same moment.
    const index = this.leader.shown.value;
    const [own, other] = [this.beats(this.leader).value ?? [], this.beats(this.follower).value ?? []];
    if (pairing === "apart" || table === null || others === null || index === null) return;
    const us = table.atUs(index);
    this.follower.follow(others.frameAt(pairing === "phase" ? sameMoment(us, own, other) : us));
  }
}
