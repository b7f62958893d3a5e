// Two consults, or two pictures of one, beside each other on one clock.
//
// Called by `parts/consult-replay-beside.tsx`. Invariant: the leader's clock is the only one; it waits for both.

import { effect } from "@preact/signals";
import type { ConsultPlayer } from "./player";

/** The follower at the same distance from where they were laid beside each other, until what comes back is called. */
export function besides(leader: ConsultPlayer, follower: ConsultPlayer, apartUs: () => number): () => void {
  const stops = [
    effect(() => follower.goTo(leader.at.value + apartUs())),
    // What cannot be had is said, and not waited for.
    leader.waitFor(() => follower.trouble.peek() === null && follower.glass.peek().what === "coming"),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
