// The hand on a recorded picture: it moves what is zoomed, and draws nothing.
//
// Called by `StageInput`. Invariant: read only; no press on a recording changes anything for anybody.

import type { Hand } from "../stage/input";
import type { StagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";

export class Grip implements Hand {
  #at: StagePoint | null = null;

  constructor(readonly stage: Stage) {}

  press(at: StagePoint): void {
    this.#at = at;
  }

  drag(at: readonly StagePoint[]): void {
    const to = at.at(-1);
    if (to === undefined || this.#at === null) return;
    this.stage.pan(to.x - this.#at.x, to.y - this.#at.y);
    this.#at = to;
  }

  lift(): void {
    this.#at = null;
  }

  cancel(): void {
    this.#at = null;
  }

  hover(): void {
    // A recording has no pointer that others see.
  }
}
