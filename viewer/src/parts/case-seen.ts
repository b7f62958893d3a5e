// Which frames of a case's clip a person had before their eyes, large enough to read what stands in them.
//
// Owns what counts: in the sheet a frame that stood on the screen with its picture for a moment, and in the large picture one that
// was painted there. No page here; time comes as an argument. Called by the player of a draft, whose tick waits for all of them.

/** In the sheet: what flies past is not seen. */
export const LOOK_MS = 250;

export class FramesSeen {
  readonly #seen = new Set<number>();
  /** On the screen now, and since when. */
  readonly #since = new Map<number, number>();

  constructor(readonly count: number) {}

  /** How many nobody saw yet. */
  get left(): number {
    return this.count - this.#seen.size;
  }

  /** The next one that nobody saw, from a frame on and round; null when there is none. */
  next(from: number): number | null {
    for (let step = 1; step <= this.count; step += 1) {
      const index = (from + step) % this.count;
      if (!this.#seen.has(index)) return index;
    }
    return null;
  }

  /** The large picture shows it. */
  shows(index: number): void {
    if (index >= 0 && index < this.count) this.#seen.add(index);
  }

  /** These stand in the sheet with their pictures, and no others. */
  stand(indices: readonly number[], nowMs: number): void {
    this.passes(nowMs);
    const here = new Set(indices);
    for (const index of this.#since.keys()) if (!here.has(index)) this.#since.delete(index);
    for (const index of here) if (!this.#since.has(index)) this.#since.set(index, nowMs);
  }

  /** So late is it; gives whether somebody saw more than before. */
  passes(nowMs: number): boolean {
    const before = this.#seen.size;
    for (const [index, since] of this.#since) if (nowMs - since >= LOOK_MS) this.shows(index);
    return this.#seen.size > before;
  }
}
