// Originals of frozen frames, for as long as a replay is open.
//
// Owns fetching each once, proving it, and a few of them decoded. Called by `player.ts`. Invariant: what leaves here has exactly the
// pixels that were captured; what could not be proven is no original, and the frame of the recording stands there. One that could not
// be fetched is told, and asked for again when somebody wants it again.

import { prove } from "../live/original";
import type { Original } from "../wire/original";

/** Originals that stay decoded. */
const MAX_ORIGINALS = 6;

export class Originals {
  /** In the order of coming; null while one is awaited, and where it is none. */
  readonly #held = new Map<string, ImageBitmap | null>();
  /** Could not be fetched. */
  readonly #failed = new Set<string>();
  #isClosed = false;

  constructor(
    readonly fetch: (original: Original) => Promise<Uint8Array<ArrayBuffer>>,
    readonly onReady: () => void,
    readonly onFault: (cause: unknown) => void,
  ) {}

  /** The picture, if it is here and proven; else it is asked for. */
  picture(original: Original): ImageBitmap | null {
    const held = this.#held.get(original.blob);
    if (held === undefined && !this.#failed.has(original.blob)) void this.#get(original);
    return held ?? null;
  }

  /** Those that could not be fetched may be by now. */
  forgive(): void {
    this.#failed.clear();
  }

  close(): void {
    this.#isClosed = true;
    for (const picture of this.#held.values()) picture?.close();
    this.#held.clear();
  }

  async #get(original: Original): Promise<void> {
    this.#held.set(original.blob, null);
    let png: Uint8Array<ArrayBuffer>;
    try {
      png = await this.fetch(original);
    } catch (cause) {
      if (this.#isClosed) return;
      this.#held.delete(original.blob);
      this.#failed.add(original.blob);
      this.onFault(cause);
      return;
    }
    const proven = await prove(png, original);
    if (proven.result !== "proven" || this.#isClosed) return;
    const picture = await createImageBitmap(proven.picture);
    if (this.#isClosed) {
      picture.close();
      return;
    }
    for (const [oldest, held] of this.#held) {
      if (this.#held.size <= MAX_ORIGINALS) break;
      held?.close();
      this.#held.delete(oldest);
    }
    this.#held.set(original.blob, picture);
    this.onReady();
  }
}
