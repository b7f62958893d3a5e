// Where the frames of one clip come from: the relay, over HTTP, one image for each frame.
//
// Owns the addresses, the compressed bytes that stay here so that a loop asks for nothing twice, and telling a picture that
// cannot be decoded from one that cannot be had. Called by `player.ts` and the clip list. Invariant: bytes are kept under the number they
// were asked by, and at most `MAX_KEPT_BYTES` of them.

import { ask, askJson } from "../net/http";
import type { ClipTable } from "../wire/clip";
import type { ClipId, ConsultId, SessionId } from "../wire/ids";

/** Compressed frames that stay: ten minutes of a handheld's gray pictures, a minute of good colour. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** The bytes are here and are no picture that this browser shows. */
export class Undecodable extends Error {
  constructor(index: number, cause: unknown) {
    super(`frame ${index} cannot be decoded: ${String(cause)}`);
    this.name = "Undecodable";
  }
}

export type ClipPlace = { readonly consult: ConsultId; readonly session: SessionId; readonly clip: ClipId };

export function clipPath({ consult, clip }: ClipPlace): string {
  return `/api/v1/consults/${consult}/clips/${clip}`;
}

export class ClipSource {
  /** In the order of use, the longest unused first. */
  readonly #kept = new Map<number, Blob>();
  #keptBytes = 0;

  constructor(readonly place: ClipPlace) {}

  table(signal: AbortSignal): Promise<ClipTable> {
    return askJson<ClipTable>(clipPath(this.place), { session: this.place.session, signal });
  }

  /** A frame, decoded. The caller closes it. */
  readonly frame = async (index: number, signal: AbortSignal): Promise<ImageBitmap> => {
    const bytes = await this.#bytes(index, signal);
    signal.throwIfAborted();
    try {
      // As stored: no colour management between the file and the glass.
      return await createImageBitmap(bytes, { colorSpaceConversion: "none" });
    } catch (cause) {
      this.#drop(index);
      throw new Undecodable(index, cause);
    }
  };

  get keptBytes(): number {
    return this.#keptBytes;
  }

  async #bytes(index: number, signal: AbortSignal): Promise<Blob> {
    const kept = this.#kept.get(index);
    if (kept !== undefined) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return kept;
    }
    const { session } = this.place;
    const answer = await ask(`${clipPath(this.place)}/frames/${index}`, { session, signal });
    const bytes = await answer.blob();
    this.#keep(index, bytes);
    return bytes;
  }

  #keep(index: number, bytes: Blob): void {
    this.#drop(index);
    this.#kept.set(index, bytes);
    this.#keptBytes += bytes.size;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) return;
      this.#drop(oldest);
    }
  }

  #drop(index: number): void {
    this.#keptBytes -= this.#kept.get(index)?.size ?? 0;
    this.#kept.delete(index);
  }
}
