// The hand on a recorded picture: it moves what is zoomed, and measures once measuring was taken up.
//
// Called by `StageInput`. Invariant: read only; no press on a recording changes anything for anybody else.

import type { Hand } from "../stage/input";
import type { StagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";
import type { ClipMeasuring } from "./measuring";

export class Grip implements Hand {
  #at: StagePoint | null = null;

  constructor(
    readonly stage: Stage,
    readonly measuring: ClipMeasuring,
  ) {}

  press(at: StagePoint): void {
    if (this.measuring.inHand.peek()) this.measuring.hand.press(at);
    else this.#at = at;
  }

  drag(at: readonly StagePoint[]): void {
    if (this.measuring.inHand.peek()) {
      this.measuring.hand.drag(at);
      return;
    }
    const to = at.at(-1);
    if (to === undefined || this.#at === null) return;
    this.stage.pan(to.x - this.#at.x, to.y - this.#at.y);
    this.#at = to;
  }

  lift(at: StagePoint): void {
    if (this.measuring.inHand.peek()) this.measuring.hand.lift(at);
    this.#at = null;
  }

  cancel(): void {
    this.measuring.hand.cancelPress();
    this.#at = null;
  }

  hover(): void {
    // A recording has no pointer that others see.
  }
}
