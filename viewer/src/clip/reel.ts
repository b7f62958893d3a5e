// Which frame to show at this moment: the playhead says what is due, the window what is here.
//
// Sans-IO: moments come in, pictures go out. Owns dropping frames to stay in real time, standing still visibly when nothing
// comes, and not asking for neighbours while somebody scrubs. Called by `player.ts`. Invariant: a picture leaves together with its
// own number; a frame that is not here is never stood in for by another one that is said to be it.

import { Playhead } from "./playhead";
import type { FrameTable, Stretch } from "./table";
import { type Closable, type FrameLoader, FrameWindow, framesAround, windowFrames } from "./window";

/** Nothing new for this long: the clock stands still and the page says so. */
export const STARVED_MS = 250;
/** After standing still it goes on when so many frames are ready, or all there are. */
const READY_AHEAD = 6;
/** Neighbours are asked for when nobody has sought for this long. */
export const SETTLED_MS = 120;

/** A frame to be put on the glass. */
export type Due<T> = { readonly index: number; readonly picture: T };

export class Reel<T extends Closable> {
  readonly playhead: Playhead;
  readonly window: FrameWindow<T>;
  readonly #size: number;
  #table: FrameTable;
  /** The frame on the glass. */
  #shown: number | null = null;
  /** The frame that was asked for; while it plays, the one that is due. */
  #target = 0;
  #soughtAt = Number.NEGATIVE_INFINITY;
  #starvedSince: number | null = null;
  #waiting = false;
  #aimed = "";

  constructor(
    table: FrameTable,
    load: FrameLoader<T>,
    onReady: (index: number) => void,
    onFailed: (index: number, cause: unknown) => void,
  ) {
    this.#table = table;
    this.#size = windowFrames(table.head.width, table.head.height);
    this.playhead = new Playhead(table);
    this.window = new FrameWindow(load, onReady, onFailed);
  }

  get shown(): number | null {
    return this.#shown;
  }

  get target(): number {
    return this.#target;
  }

  /** It stands still because nothing comes. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Whether there is anything to do at the next moment. */
  get restless(): boolean {
    return this.playhead.playing || this.#shown !== this.#target || !this.#isSettled;
  }

  renew(table: FrameTable): void {
    this.#table = table;
    this.playhead.renew(table);
    this.window.forgive();
    this.#aimed = "";
  }

  /** The picture of a frame that came before the table did. */
  begin(index: number, picture: T): void {
    this.window.keep(index, picture);
  }

  /** That picture is on the glass already. */
  stands(index: number): void {
    this.#shown = index;
  }

  seek(index: number, now: number): void {
    this.#target = this.#table.clamp(index);
    this.playhead.seek(this.#target, now);
    this.#soughtAt = now;
    this.#starvedSince = null;
  }

  /** Goes to a frame at somebody else's pace: more of them will follow. */
  follow(index: number, now: number): void {
    this.#target = this.#table.clamp(index);
    this.playhead.seek(this.#target, now);
  }

  play(now: number): void {
    this.playhead.play(now);
    this.#starvedSince = null;
  }

  /** Stands on the frame on the glass: that is the one that somebody wanted to stop at. */
  pause(now: number): void {
    if (!this.playhead.playing) return;
    this.playhead.pause(now);
    if (this.#shown !== null) this.seek(this.#shown, now);
  }

  setStretch(stretch: Stretch | null): void {
    this.playhead.setStretch(stretch);
    this.#aimed = "";
  }

  setLoop(loop: boolean): void {
    this.playhead.setLoop(loop);
    this.#aimed = "";
  }

  /** What to put on the glass now; null when what stands there stays. `isOtherLate`: what goes along with it is not there yet. */
  tick(now: number, isOtherLate = false): Due<T> | null {
    const { playhead } = this;
    if (playhead.playing) this.#target = this.#waiting ? this.#goOn(now, isOtherLate) : playhead.due(now);
    this.#isSettled = playhead.playing || now - this.#soughtAt >= SETTLED_MS;
    this.#aim();
    const due = this.#pick();
    const isHere = due !== null || this.#target === this.#shown;
    if (due !== null) this.#shown = due.index;
    if (isHere && !(isOtherLate && playhead.playing)) {
      this.#starvedSince = null;
      this.#waiting &&= playhead.playing && due === null;
      return due;
    }
    this.#starvedSince ??= now;
    if (now - this.#starvedSince >= STARVED_MS) this.#starve(now);
    return due;
  }

  close(): void {
    this.window.close();
  }

  #isSettled = false;

  /** The frame to show: the one that is due, or while it plays the newest one that was due since. */
  #pick(): Due<T> | null {
    if (this.#target === this.#shown) return null;
    const index = this.#held(this.#target) ?? this.#late();
    const picture = index === null ? null : this.window.get(index);
    return index === null || picture === null ? null : { index, picture };
  }

  #held(index: number): number | null {
    return this.window.get(index) === null ? null : index;
  }

  #late(): number | null {
    if (!this.playhead.playing || this.#shown === null) return null;
    return this.window.newestBetween(this.#shown, this.#target);
  }

  #starve(now: number): void {
    this.#waiting = true;
    if (this.playhead.playing && this.#shown !== null) this.playhead.hold(this.#shown, now);
  }

  /** Standing still while playing: goes on as soon as there is something to go on with. */
  #goOn(now: number, isOtherLate: boolean): number {
    const from = this.#shown ?? 0;
    const [, ...ahead] = this.#wanted(from);
    const next = ahead.slice(0, READY_AHEAD).filter((index) => this.#table.isHere(index));
    if (isOtherLate || next.length === 0 || next.some((index) => this.#held(index) === null)) {
      this.playhead.hold(from, now);
      return from;
    }
    this.#waiting = false;
    return this.playhead.due(now);
  }

  #wanted(centre: number): number[] {
    const { stretch, loop } = this.playhead;
    return framesAround(centre, this.#size, stretch, loop, this.#table.count - 1);
  }

  #aim(): void {
    const aimed = `${this.#target} ${this.#isSettled}`;
    if (aimed === this.#aimed) return;
    this.#aimed = aimed;
    const wanted = this.#wanted(this.#target).filter((index) => this.#table.isHere(index));
    // A frame that has not arrived cannot come first; nothing else may take its place in the line either.
    this.window.aim(wanted, !this.#isSettled && this.#table.isHere(this.#target));
  }
}
