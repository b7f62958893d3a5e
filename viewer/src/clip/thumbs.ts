// Small pictures of clips for the list: the first frame of each, one request at a time.
//
// Owns a bounded store of small bitmaps. Called by the clip list. Invariant: thumbnails never take the line from a player: one
// is fetched at a time.

import type { ClipId, ConsultId, SessionId } from "../wire/ids";
import { ClipSource } from "./source";

/** In pixels; twice the size in the list, for fine screens. */
const THUMB_WIDTH = 192;
const MAX_THUMBS = 200;

export class Thumbs {
  readonly #made = new Map<ClipId, ImageBitmap>();
  #line: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(
    readonly consult: ConsultId,
    readonly session: SessionId,
  ) {}

  /** The first frame in small, or null when it cannot be had now. */
  of(clip: ClipId): Promise<ImageBitmap | null> {
    const made = this.#made.get(clip);
    if (made !== undefined) return Promise.resolve(made);
    const next = this.#line.then(() => this.#made.get(clip) ?? this.#make(clip));
    this.#line = next;
    return next;
  }

  close(): void {
    this.#closing.abort();
    for (const small of this.#made.values()) small.close();
    this.#made.clear();
  }

  async #make(clip: ClipId): Promise<ImageBitmap | null> {
    const { consult, session } = this;
    const { signal } = this.#closing;
    const source = new ClipSource({ consult, session, clip });
    try {
      const whole = await source.frame(0, signal);
      const small = await createImageBitmap(whole, { resizeWidth: THUMB_WIDTH, resizeQuality: "medium" });
      whole.close();
      if (signal.aborted) {
        small.close();
        return null;
      }
      this.#made.set(clip, small);
      const [oldest] = this.#made.keys();
      if (this.#made.size > MAX_THUMBS && oldest !== undefined) {
        this.#made.get(oldest)?.close();
        this.#made.delete(oldest);
      }
      return small;
    } catch {
      // Nothing that can be shown, or the relay is away; the list says how far the clip is.
      return null;
    } finally {
      source.close();
    }
  }
}
