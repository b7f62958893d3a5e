// The frames of a clip of H.264 video, decoded by the browser (WebCodecs).
//
// Owns the decoder, which group of frames is decoded when, and the few pictures that came out before somebody asked for them.
// A group reaches from a key frame to the next one; only from there on can a frame be decoded. Called by `source.ts`. Invariants: a
// picture leaves only under the number that went into the decoder with its bytes; each one is closed once, here or by whom it
// was given to.

import type { ClipHead, ClipVideo } from "../wire/clip";
import { NoVideoDecoder, Undecodable } from "./faults";

/** Pictures that nobody asked for yet: a group of 800x600 three times over, seven of full HD. */
export const MAX_SPARE_BYTES = 64 * 1024 * 1024;
/** Frames decoded beyond the last one that was asked for, where a group is long. */
const AHEAD = 12;
/** Of those in front of the first one that was asked for so many are kept: for a step back. */
const BEHIND = 12;
/** Requests under way at once, as many as a player has for images. */
const PARALLEL_FETCHES = 4;
/** A decoder that gives nothing for so long is given up: browsers take decoders away, and some then say nothing. */
export const SILENT_MS = 4_000;

/** The stored bytes of a frame. */
export type FrameBytes = (index: number, signal: AbortSignal) => Promise<Blob>;

type Want = {
  readonly index: number;
  readonly resolve: (picture: ImageBitmap) => void;
  readonly reject: (cause: unknown) => void;
};

/** One pass through a group, from its key frame on. */
class Run {
  readonly abort = new AbortController();
  /** Went into the decoder and did not come out yet. */
  readonly sent = new Set<number>();
  /** Pictures on their way out. */
  readonly pictures: Promise<void>[] = [];
  fault: unknown = null;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {}

  holds({ index }: Want): boolean {
    return index >= this.from && index <= this.to;
  }
}

/** Rejects when it takes longer than a decoder may be silent. */
function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the decoder is silent")), SILENT_MS);
  });
  return Promise.race([work, silent]).finally(() => clearTimeout(timer));
}

function configOf({ codec, description }: ClipVideo): VideoDecoderConfig {
  return {
    codec,
    description: Uint8Array.from(atob(description), (character) => character.charCodeAt(0)),
    optimizeForLatency: true,
  };
}

export class VideoFrames {
  /** In the order of asking. */
  #wants: Want[] = [];
  /** In the order of coming out, the longest unused first. */
  readonly #spare = new Map<number, ImageBitmap>();
  #run: Run | null = null;
  #decoder: VideoDecoder | null = null;
  #closed = false;

  private constructor(
    readonly config: VideoDecoderConfig,
    readonly head: ClipHead,
    readonly keys: readonly number[],
    readonly bytes: FrameBytes,
  ) {}

  /** Rejects with `NoVideoDecoder` where the browser cannot decode it. */
  static async open(video: ClipVideo, head: ClipHead, bytes: FrameBytes): Promise<VideoFrames> {
    const config = configOf(video);
    const answer = globalThis.VideoDecoder?.isConfigSupported(config).catch(() => null);
    const isSupported = answer !== undefined && ((await inTime(answer))?.supported ?? false);
    if (!isSupported) throw new NoVideoDecoder(video.codec);
    return new VideoFrames(config, head, video.keys, bytes);
  }

  /** A frame, decoded. The caller closes it. */
  frame(index: number, signal: AbortSignal): Promise<ImageBitmap> {
    const spare = this.#spare.get(index);
    if (spare !== undefined) {
      this.#spare.delete(index);
      return Promise.resolve(spare);
    }
    return new Promise((resolve, reject) => {
      const want: Want = { index, resolve, reject };
      const giveUp = () => {
        if (!this.#wants.includes(want)) return;
        this.#wants = this.#wants.filter((other) => other !== want);
        reject(signal.reason);
        // Whoever gives up one frame mostly asks for its neighbour at once.
        queueMicrotask(() => this.#spareWork());
      };
      if (signal.aborted || this.#closed) {
        reject(signal.reason ?? new Undecodable(index, "the clip was closed"));
        return;
      }
      signal.addEventListener("abort", giveUp, { once: true });
      this.#wants.push(want);
      if (this.#run === null) void this.#work();
    });
  }

  close(): void {
    this.#closed = true;
    this.#run?.abort.abort();
    for (const { index, reject } of this.#wants) reject(new Undecodable(index, "the clip was closed"));
    this.#wants = [];
    for (const picture of this.#spare.values()) picture.close();
    this.#spare.clear();
    if (this.#decoder !== null && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
  }

  /** Stops decoding what nobody waits for any more. */
  #spareWork(): void {
    const run = this.#run;
    if (run !== null && !this.#wants.some((want) => run.holds(want))) run.abort.abort();
  }

  /** Decodes group after group as long as somebody waits. */
  async #work(): Promise<void> {
    let isSecond: boolean = false;
    for (let first = this.#wants[0]; first !== undefined; first = this.#wants[0]) {
      const run = this.#groupOf(first.index);
      this.#run = run;
      const owed = this.#wants.filter((want) => run.holds(want));
      const cause = await this.#decode(run);
      // What failed once may have been the decoder's fault; a new one tells.
      const again: boolean = cause instanceof Undecodable && !isSecond;
      isSecond = again;
      if (again) continue;
      // What was asked for while this ran and had come out before is decoded in the next run.
      for (const want of owed) {
        if (!this.#wants.includes(want)) continue;
        this.#wants = this.#wants.filter((other) => other !== want);
        want.reject(cause ?? new Undecodable(want.index, "the decoder left it out"));
      }
    }
    this.#run = null;
  }

  #groupOf(index: number): Run {
    const next = this.keys.findIndex((key) => key > index);
    const end = next === -1 ? this.head.frames : (this.keys[next] ?? this.head.frames);
    return new Run(this.keys.at(next - (next === -1 ? 0 : 1)) ?? 0, end - 1);
  }

  /** One run; gives why it did not give all. */
  async #decode(run: Run): Promise<unknown> {
    let cause: unknown = null;
    try {
      const decoder = this.#ready();
      cause = await this.#feed(run, decoder);
      await inTime(decoder.flush());
    } catch (fault) {
      cause = run.abort.signal.aborted
        ? run.abort.signal.reason
        : new Undecodable(run.from, run.fault ?? fault);
      this.#forget();
    }
    await inTime(Promise.all(run.pictures)).catch((fault: unknown) => {
      run.fault ??= fault;
      this.#forget();
    });
    return run.fault === null ? cause : new Undecodable(run.from, run.fault);
  }

  /** Gives the decoder what is wanted of a group; gives why it had to end early. */
  async #feed(run: Run, decoder: VideoDecoder): Promise<unknown> {
    const { signal } = run.abort;
    const coming: Promise<Blob>[] = [];
    let last = run.from;
    for (let index = run.from; ; index += 1) {
      const wanted = this.#wants.filter((want) => run.holds(want)).map((want) => want.index);
      last = Math.max(last, Math.min(run.to, Math.max(...wanted) + AHEAD));
      if (index > last) return null;
      for (let next = run.from + coming.length; next <= last && next < index + PARALLEL_FETCHES; next += 1) {
        const bytes = this.bytes(next, signal);
        // Those that nobody comes to are nobody's failure.
        bytes.catch(() => undefined);
        coming.push(bytes);
      }
      let data: ArrayBuffer;
      try {
        data = await ((await coming[index - run.from]) as Blob).arrayBuffer();
      } catch (cause) {
        signal.throwIfAborted();
        return cause;
      }
      signal.throwIfAborted();
      run.sent.add(index);
      decoder.decode(
        new EncodedVideoChunk({ type: index === run.from ? "key" : "delta", timestamp: index, data }),
      );
    }
  }

  #ready(): VideoDecoder {
    if (this.#decoder === null || this.#decoder.state === "closed") {
      this.#decoder = new VideoDecoder({
        output: (frame) => this.#out(frame),
        error: (cause) => {
          if (this.#run !== null) this.#run.fault ??= cause;
        },
      });
    }
    if (this.#decoder.state === "unconfigured") this.#decoder.configure(this.config);
    return this.#decoder;
  }

  /** What is still in the decoder is of no use. */
  #forget(): void {
    if (this.#decoder !== null && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
  }

  #out(frame: VideoFrame): void {
    const run = this.#run;
    const index = frame.timestamp;
    const { width, height } = this.head;
    const isSound = frame.displayWidth === width && frame.displayHeight === height;
    if (run === null || !run.sent.delete(index) || !isSound) {
      if (run !== null) run.fault ??= isSound ? `frame ${index} came out unasked` : "it has another size";
      frame.close();
      return;
    }
    const first = Math.min(...this.#wants.filter((want) => run.holds(want)).map((want) => want.index));
    // In front of all that is wanted: decoded only because what follows needs it.
    if (Number.isFinite(first) && index < first - BEHIND) frame.close();
    else run.pictures.push(this.#give(run, index, frame));
  }

  /** Turns a decoded frame into a picture at once: decoders have few frames to give. */
  async #give(run: Run, index: number, frame: VideoFrame): Promise<void> {
    try {
      const picture = await createImageBitmap(frame);
      const wants = this.#wants.filter((want) => want.index === index);
      this.#wants = this.#wants.filter((want) => want.index !== index);
      const [first, ...others] = wants;
      for (const other of others) other.resolve(await createImageBitmap(picture));
      if (first === undefined) this.#keep(index, picture);
      else first.resolve(picture);
    } catch (cause) {
      run.fault ??= cause;
    } finally {
      frame.close();
    }
  }

  #keep(index: number, picture: ImageBitmap): void {
    this.#spare.get(index)?.close();
    this.#spare.delete(index);
    this.#spare.set(index, picture);
    const each = this.head.width * this.head.height * 4;
    for (const [oldest, old] of this.#spare) {
      if (!this.#closed && this.#spare.size * each <= MAX_SPARE_BYTES) return;
      this.#spare.delete(oldest);
      old.close();
    }
  }
}
