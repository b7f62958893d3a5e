// Where the frames of one clip come from: the relay, over HTTP, one image for each frame, or one coded frame of a video.
//
// Owns the addresses, the compressed bytes that stay here so that a loop asks for nothing twice, and telling a picture that
// cannot be decoded from one that cannot be had. Video is decoded by `video.ts`, which comes when the first frame of one does.
// Called by `player.ts` and the clip list. Invariant: bytes are kept under the number they
// were asked by, and at most `MAX_KEPT_BYTES` of them.

import { ask, askJson } from "../net/http";
import type { ClipTable } from "../wire/clip";
import { CLIP_VIDEO_FRAME } from "../wire/constants";
import type { ClipId, ConsultId, SessionId } from "../wire/ids";
import { NoVideoDecoder, Undecodable } from "./faults";
import type { VideoFrames } from "./video";

/** Compressed frames that stay: ten minutes of a handheld's gray pictures, a minute of good colour. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

export type ClipPlace = {
  readonly consult: ConsultId;
  readonly session: SessionId;
  readonly clip: ClipId;
  /** Read with the consult that is replayed, which may be over. */
  readonly isReplayed?: boolean;
};

export function clipPath({ consult, clip, isReplayed = false }: ClipPlace): string {
  return `/api/v1/${isReplayed ? "replays" : "consults"}/${consult}/clips/${clip}`;
}

export class ClipSource {
  /** In the order of use, the longest unused first. */
  readonly #kept = new Map<number, Blob>();
  #keptBytes = 0;
  /** Of a clip that turned out to be a video. */
  #video: Promise<VideoFrames> | null = null;
  readonly #closing = new AbortController();

  constructor(readonly place: ClipPlace) {}

  table(signal: AbortSignal): Promise<ClipTable> {
    return askJson<ClipTable>(clipPath(this.place), { session: this.place.session, signal });
  }

  /** A frame, decoded. The caller closes it. */
  readonly frame = async (index: number, signal: AbortSignal): Promise<ImageBitmap> => {
    if (this.#video !== null) return (await this.#video).frame(index, signal);
    const bytes = await this.#bytes(index, signal);
    signal.throwIfAborted();
    if (bytes.type === CLIP_VIDEO_FRAME) return (await this.#opened(index)).frame(index, signal);
    try {
      // As stored: no colour management between the file and the glass.
      return await createImageBitmap(bytes, { colorSpaceConversion: "none" });
    } catch (cause) {
      this.#drop(index);
      throw new Undecodable(index, cause);
    }
  };

  /** Lets go what it holds; pictures that were given out stay their owners'. */
  close(): void {
    this.#closing.abort();
    void this.#video?.then(
      (video) => video.close(),
      () => undefined,
    );
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  #opened(index: number): Promise<VideoFrames> {
    this.#video ??= this.#open(index).catch((cause) => {
      // A relay that did not answer may be asked again; a browser without a decoder stays one.
      if (!(cause instanceof NoVideoDecoder)) this.#video = null;
      throw cause;
    });
    return this.#video;
  }

  async #open(index: number): Promise<VideoFrames> {
    const { signal } = this.#closing;
    const [{ VideoFrames }, { video, head }] = await Promise.all([import("./video"), this.table(signal)]);
    if (video === undefined) throw new Undecodable(index, "the relay does not say how");
    const frames = await VideoFrames.open(video, head, (wanted, stop) => this.#bytes(wanted, stop));
    if (signal.aborted) frames.close();
    return frames;
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
