// Where a clip is being played: which frame is due at a moment.
//
// Sans-IO: the moment (milliseconds of any steady clock) comes in as an argument, frames go out. Owns speed, loop and the
// stretch between the in and the out point. Called by `player.ts` once per animation frame. Invariant: a frame is due exactly
// from its stored time until that of the next one, at any speed, however unevenly the moments come.

import type { FrameTable, Stretch } from "./table";

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4];

export class Playhead {
  #table: FrameTable;
  #playing = false;
  #speed = 1;
  #loop = true;
  #stretch: Stretch;
  /** The place in the clip at the moment `#sinceMs`; meanwhile it moves on if it plays. */
  #fromUs = 0;
  #sinceMs = 0;

  constructor(table: FrameTable) {
    this.#table = table;
    this.#stretch = { from: 0, to: table.count - 1 };
  }

  get playing(): boolean {
    return this.#playing;
  }

  get speed(): number {
    return this.#speed;
  }

  get loop(): boolean {
    return this.#loop;
  }

  /** What is played: all, or from the in to the out point. */
  get stretch(): Stretch {
    return this.#stretch;
  }

  /** More of the same clip has arrived. */
  renew(table: FrameTable): void {
    if (table.count === this.#table.count) this.#table = table;
  }

  play(now: number): void {
    if (this.#playing || !this.#table.canPlay) return;
    const { from, to } = this.#stretch;
    const index = this.#table.frameAt(this.#fromUs);
    if (index < from || index >= to) this.#fromUs = this.#table.atUs(from);
    this.#sinceMs = now;
    this.#playing = true;
  }

  /** Stops on the frame that is due. */
  pause(now: number): void {
    this.#settle(now);
    this.#playing = false;
  }

  /** Goes to a frame; it goes on playing from there if it plays. */
  seek(index: number, now: number): void {
    this.#fromUs = this.#table.atUs(this.#table.clamp(index));
    this.#sinceMs = now;
  }

  /** The clock stands still at a frame: those after it are not here yet. */
  hold(index: number, now: number): void {
    this.seek(index, now);
  }

  setSpeed(speed: number, now: number): void {
    this.#settle(now);
    this.#speed = speed;
  }

  setLoop(loop: boolean): void {
    this.#loop = loop;
  }

  /** Plays only these frames; a stretch of one frame is none. */
  setStretch(stretch: Stretch | null): void {
    const whole = { from: 0, to: this.#table.count - 1 };
    const from = this.#table.clamp(stretch?.from ?? whole.from);
    const to = this.#table.clamp(stretch?.to ?? whole.to);
    this.#stretch = from < to ? { from, to } : whole;
  }

  /** The frame that is due. Ends playing when it came to the end and does not loop. */
  due(now: number): number {
    this.#settle(now);
    return this.#table.frameAt(this.#fromUs);
  }

  /** Brings the place up to the moment. */
  #settle(now: number): void {
    const passedMs = Math.max(0, now - this.#sinceMs);
    this.#sinceMs = now;
    if (!this.#playing) return;
    const us = this.#fromUs + passedMs * 1_000 * this.#speed;
    const { from, to } = this.#stretch;
    const beginUs = this.#table.atUs(from);
    const endUs = this.#table.untilUs(to);
    if (us < endUs) {
      this.#fromUs = us;
    } else if (this.#loop) {
      this.#fromUs = beginUs + ((us - beginUs) % (endUs - beginUs));
    } else {
      this.#fromUs = this.#table.atUs(to);
      this.#playing = false;
    }
  }
}
