// The few decoded frames that are held around the playhead.
//
// Owns what is asked for, in which order, and closing what is not needed any more. It knows neither HTTP nor time: a
// loader is given, and `aim` says what is wanted now. Called by `player.ts`. Invariants: never more frames are held than wanted at
// the last aim; the frame under the eyes comes before every other; each picture that came in is closed exactly once.

export type Closable = { close(): void };

export type FrameLoader<T extends Closable> = (index: number, signal: AbortSignal) => Promise<T>;

/** Decoded frames held: two seconds at 30 frames a second. */
export const MAX_WINDOW_FRAMES = 60;
/** And never more memory than this: 60 frames of 800x600, 16 of full HD. */
export const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
/** Fewer than this would not play at all. */
const LEAST_WINDOW_FRAMES = 8;
/** Requests under way at once; a browser opens six connections to one host. */
export const PARALLEL_LOADS = 4;
/** Of the frames around the playhead this part lies behind it: for a step back. */
const BEHIND = 0.2;

export function windowFrames(width: number, height: number): number {
  const fits = Math.floor(MAX_WINDOW_BYTES / Math.max(1, width * height * 4));
  return Math.min(MAX_WINDOW_FRAMES, Math.max(LEAST_WINDOW_FRAMES, fits));
}

/**
 * The frames wanted around one, the nearest need first: itself, those ahead in the direction of play (around the end of
 * the stretch when it loops), then those behind.
 */
export function framesAround(
  centre: number,
  size: number,
  stretch: { readonly from: number; readonly to: number },
  loops: boolean,
  last: number,
): number[] {
  const wanted = new Set([centre]);
  const ahead = Math.max(1, size - 1 - Math.floor(size * BEHIND));
  let next = centre;
  for (let i = 0; i < ahead; i += 1) {
    next = loops && next === stretch.to ? stretch.from : next + 1;
    if (next > last || wanted.has(next)) break;
    wanted.add(next);
  }
  for (let before = centre - 1; before >= 0 && wanted.size < size; before -= 1) wanted.add(before);
  return [...wanted];
}

export class FrameWindow<T extends Closable> {
  readonly #held = new Map<number, T>();
  readonly #loading = new Map<number, AbortController>();
  /** Frames that could not be had; asked again after `forgive`. */
  readonly #failed = new Map<number, unknown>();
  #order: readonly number[] = [];
  #onlyFirst = false;
  #closed = false;

  constructor(
    readonly load: FrameLoader<T>,
    readonly onReady: (index: number) => void,
    readonly onFailed: (index: number, cause: unknown) => void,
  ) {}

  get(index: number): T | null {
    return this.#held.get(index) ?? null;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  get loadingCount(): number {
    return this.#loading.size;
  }

  /** The newest frame held of those after one and before another. */
  newestBetween(after: number, before: number): number | null {
    for (let index = before - 1; index > after; index -= 1) if (this.#held.has(index)) return index;
    return null;
  }

  /** Says what is wanted now, the most wanted first; `onlyFirst` holds what is here of the others and asks for none. */
  aim(order: readonly number[], onlyFirst = false): void {
    if (this.#closed) return;
    this.#order = order;
    this.#onlyFirst = onlyFirst;
    const wanted = new Set(order);
    for (const [index, picture] of this.#held) {
      if (wanted.has(index)) continue;
      this.#held.delete(index);
      picture.close();
    }
    for (const [index, loading] of this.#loading) {
      if (wanted.has(index)) continue;
      this.#loading.delete(index);
      loading.abort();
    }
    this.#pump();
  }

  /** Gives it a frame that came another way. */
  keep(index: number, picture: T): void {
    if (this.#closed || this.#held.has(index)) {
      picture.close();
      return;
    }
    this.#held.set(index, picture);
  }

  /** What failed may be asked for again. */
  forgive(): void {
    this.#failed.clear();
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#order = [];
    for (const loading of this.#loading.values()) loading.abort();
    this.#loading.clear();
    for (const picture of this.#held.values()) picture.close();
    this.#held.clear();
  }

  #pump(): void {
    const [first] = this.#order;
    if (first === undefined) return;
    if (this.#lacks(first)) this.#start(first);
    // The frame under the eyes has the line to itself.
    if (this.#onlyFirst || this.#loading.has(first)) return;
    for (const index of this.#order) {
      if (this.#loading.size >= PARALLEL_LOADS) return;
      if (this.#lacks(index)) this.#start(index);
    }
  }

  #lacks(index: number): boolean {
    return !this.#held.has(index) && !this.#loading.has(index) && !this.#failed.has(index);
  }

  #start(index: number): void {
    const abort = new AbortController();
    this.#loading.set(index, abort);
    this.load(index, abort.signal).then(
      (picture) => this.#arrived(index, abort, picture),
      (cause: unknown) => this.#broke(index, abort, cause),
    );
  }

  #arrived(index: number, abort: AbortController, picture: T): void {
    // Somebody aimed elsewhere meanwhile, and perhaps back again.
    if (this.#loading.get(index) !== abort) {
      picture.close();
      return;
    }
    this.#loading.delete(index);
    this.#held.set(index, picture);
    this.onReady(index);
    this.#pump();
  }

  #broke(index: number, abort: AbortController, cause: unknown): void {
    if (this.#loading.get(index) !== abort) return;
    this.#loading.delete(index);
    this.#failed.set(index, cause);
    this.onFailed(index, cause);
    this.#pump();
  }
}
