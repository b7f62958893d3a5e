// Asking again for what grows: once at a time, not more often than a pause allows, and never too few times.
//
// Owns when to ask; what is asked and what becomes of it is the caller's. Called by `player.ts`. Invariant: after the last
// news there is always an answer that was asked for later than the news.

export class Renewal {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer asks, by `performance.now`. */
  #dueAt = 0;
  #isAsking = false;
  #hasNews = false;
  #isClosed = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    /** Asks once; false when there was no answer, which is then asked for again. */
    readonly ask: () => Promise<boolean>,
    readonly everyMs: number,
    readonly againMs: number,
  ) {}

  /** There may be more now. */
  news(): void {
    this.#hasNews = true;
    const passed = performance.now() - this.#askedAt;
    this.#askIn(Math.max(0, this.everyMs - passed));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #askIn(ms: number): void {
    if (this.#isClosed || this.#isAsking) return;
    const dueAt = performance.now() + ms;
    // Somebody who asks again by hand does not wait for the pause after a failure.
    if (this.#timer !== undefined && this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.#go(), ms);
  }

  async #go(): Promise<void> {
    this.#timer = undefined;
    this.#isAsking = true;
    // News that come while this is under way may be newer than its answer.
    this.#hasNews = false;
    const isAnswered = await this.ask();
    this.#askedAt = performance.now();
    this.#isAsking = false;
    if (!isAnswered) this.#askIn(this.againMs);
    else if (this.#hasNews) this.#askIn(this.everyMs);
  }
}
