// How long to wait before trying again.
//
// Exponential with full jitter, so that all pages of a hospital do not come back to a restarted relay in the same
// moment. Called by the consult socket and the WHEP client; time and chance come in as arguments.
// Invariant: never waits longer than `longestMs`, and the first try after a success waits at most `shortestMs`.

export class Backoff {
  /** Failures since the last success. */
  #failures = 0;

  constructor(
    readonly shortestMs: number,
    readonly longestMs: number,
    readonly random: () => number = Math.random,
  ) {}

  /** The wait before the next try. Half of it is fixed, so that a failing relay is never asked at once. */
  next(): number {
    const ceiling = Math.min(this.longestMs, this.shortestMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return ceiling / 2 + (this.random() * ceiling) / 2;
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
