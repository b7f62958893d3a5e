// Originals of frozen frames, for as long as a replay is open.
//
// Owns fetching each once, proving it, and a few of them decoded. Called by `player.ts`. Invariant: what leaves here has exactly the
// pixels that were captured; what could not be had or proven is no original, and the frame of the recording stands there.

import { prove } from "../live/original";
import type { Original } from "../wire/original";

/** Originals that stay decoded. */
const MAX_ORIGINALS = 6;

export class Originals {
  /** In the order of coming; null while one is awaited, and where there is none. */
  readonly #held = new Map<string, ImageBitmap | null>();
  #isClosed = false;

  constructor(
    readonly fetch: (original: Original) => Promise<Uint8Array<ArrayBuffer>>,
    readonly onReady: () => void,
  ) {}

  /** The picture, if it is here and proven; else it is asked for. */
  picture(original: Original): ImageBitmap | null {
    const held = this.#held.get(original.blob);
    if (held === undefined) void this.#get(original);
    return held ?? null;
  }

  close(): void {
    this.#isClosed = true;
    for (const picture of this.#held.values()) picture?.close();
    this.#held.clear();
  }

  async #get(original: Original): Promise<void> {
    this.#held.set(original.blob, null);
    const proven = await this.fetch(original).then(
      (png) => prove(png, original),
      () => null,
    );
    if (proven?.result !== "proven" || this.#isClosed) return;
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
