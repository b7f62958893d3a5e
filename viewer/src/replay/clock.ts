// The one clock of a replay: which moment of the consult it is.
//
// Sans-IO: moments of any steady clock come in as an argument (milliseconds), moments of the consult go out (microseconds of the
// relay's clock). Owns playing, speed, the stretch that is looped, and standing still while something is awaited. Picture,
// marks, pointers and voice all ask it and nothing else. Invariant: it never leaves what there is of the consult.

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 1.5, 2, 4];

/** From one moment to another, in microseconds of the relay's clock. */
export type Span = { readonly from: number; readonly until: number };

export class MediaClock {
  #all: Span;
  #stretch: Span | null = null;
  #playing = false;
  #held = false;
  #speed = 1;
  /** The moment at `#sinceMs`; meanwhile it goes on if it runs. */
  #fromUs: number;
  #sinceMs = 0;

  constructor(all: Span) {
    this.#all = all;
    this.#fromUs = all.from;
  }

  get playing(): boolean {
    return this.#playing;
  }

  get speed(): number {
    return this.#speed;
  }

  /** It stands still because something is awaited. */
  get held(): boolean {
    return this.#held;
  }

  get all(): Span {
    return this.#all;
  }

  /** What is looped; null when nothing is. */
  get stretch(): Span | null {
    return this.#stretch;
  }

  /** There is more of the consult than there was. */
  extend(all: Span): void {
    this.#all = all;
  }

  play(now: number): void {
    if (this.#playing) return;
    const { from, until } = this.#stretch ?? this.#all;
    if (this.#fromUs >= until || this.#fromUs < from) this.#fromUs = from;
    this.#sinceMs = now;
    this.#playing = true;
  }

  pause(now: number): void {
    this.#settle(now);
    this.#playing = false;
    this.#held = false;
  }

  /** Goes to a moment; it goes on from there if it plays. */
  seek(us: number, now: number): void {
    this.#fromUs = this.#clamp(us);
    this.#sinceMs = now;
    this.#held = false;
  }

  /** What is due at this moment is not here: it stands until `release`. */
  hold(now: number): void {
    this.#settle(now);
    this.#held = this.#playing;
  }

  release(now: number): void {
    this.#settle(now);
    this.#held = false;
  }

  setSpeed(speed: number, now: number): void {
    this.#settle(now);
    this.#speed = speed;
  }

  /** Loops this stretch; one of no length is none. */
  setStretch(stretch: Span | null): void {
    const from = this.#clamp(stretch?.from ?? this.#all.from);
    const until = this.#clamp(stretch?.until ?? this.#all.until);
    this.#stretch = stretch !== null && from < until ? { from, until } : null;
  }

  /** The moment of the consult that it is now. Ends playing when it came to the end. */
  due(now: number): number {
    this.#settle(now);
    return this.#fromUs;
  }

  /** Brings the moment up to now. */
  #settle(now: number): void {
    const passedMs = Math.max(0, now - this.#sinceMs);
    this.#sinceMs = now;
    if (!this.#playing || this.#held) return;
    const us = this.#fromUs + passedMs * 1_000 * this.#speed;
    const stretch = this.#stretch;
    if (stretch !== null && this.#fromUs < stretch.until && us >= stretch.until) {
      this.#fromUs = stretch.from + ((us - stretch.from) % (stretch.until - stretch.from));
    } else if (us < this.#all.until) {
      this.#fromUs = us;
    } else {
      this.#fromUs = this.#all.until;
      this.#playing = false;
    }
  }

  #clamp(us: number): number {
    return Math.min(Math.max(us, this.#all.from), this.#all.until);
  }
}
