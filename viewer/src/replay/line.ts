// The decoded pictures around a frame of a recording.
//
// Owns the decoder: it begins at the key frame before what is wanted, goes on from where it stands whenever that is possible, and
// keeps the pictures around. Groups are long, because key frames come on request only, so it never decodes anew what it can
// go on from. Called by `player.ts`. Invariants: a picture leaves only under the moment that went into the decoder with its bytes;
// each is closed once.

import { NoVideoDecoder, Undecodable } from "../clip/faults";
import type { PictureTable } from "./table";
import type { Unit } from "./units";

/** Pictures that are kept: some seconds of 800x600. */
const MAX_PICTURE_BYTES = 128 * 1024 * 1024;
/** Frames decoded beyond the one that is wanted. */
const AHEAD = 12;
/** Of those before it so many are kept, for steps back. */
const BEHIND = 24;
/** Frames that wait in the decoder. */
const MAX_QUEUED = 8;
/** Time between looks whether the decoder takes more. */
const LOOKS_EVERY_MS = 20;
/** A decoder that keeps a frame to itself for so long is told to give it out. */
const GIVES_WITHIN_MS = 250;
/** A decoder that is silent for so long is given up. */
const SILENT_MS = 4_000;
/** What it was told to give out has to be here so soon, or another decoder begins anew ... */
const FLUSHES_WITHIN_MS = 1_000;
/** ... so many times in a row; then it is the frames. */
const MOST_STALLS = 3;
/** Decoding so many frames before the one that is wanted is worth a word. */
const WORTH_A_WORD = 60;

export type UnitOf = (table: PictureTable, index: number) => Promise<Unit>;

/** How far the decoder is on its way to the frame that is wanted, of a hundred. */
export type OnTheWay = number | null;

export class FrameLine {
  readonly #pictures = new Map<number, ImageBitmap>();
  /** Went into the decoder and did not come out. */
  readonly #inside = new Set<number>();
  /** Came out and become pictures. */
  readonly #becoming = new Set<number>();
  /** Cannot be decoded. */
  readonly #failed = new Set<number>();
  #decoder: VideoDecoder | null = null;
  #codec = "";
  /** The last moment that went into the decoder. */
  #fed: number | null = null;
  #target = 0;
  #isWorking = false;
  #isClosed = false;
  #wake: (() => void) | null = null;
  #lastOut = 0;
  /** Decoders in a row that kept what they had. */
  #stalls = 0;
  onTheWay: OnTheWay = null;

  constructor(
    private table: PictureTable,
    readonly unit: UnitOf,
    readonly onReady: () => void,
    readonly onFault: (cause: unknown) => void,
  ) {}

  /** The picture of a frame, if it is here; it stays the line's. */
  picture(index: number): ImageBitmap | null {
    return this.#pictures.get(this.table.ticks[index] ?? -1) ?? null;
  }

  /** Whether a frame can never be shown. */
  isLost(index: number): boolean {
    return this.table.isSound[index] === 0 || this.#failed.has(this.table.ticks[index] ?? -1);
  }

  /** The frame that is wanted; those behind it will be. */
  aim(index: number): void {
    this.#target = index;
    this.#wake?.();
    if (!this.#isWorking) void this.#work();
  }

  /** The recording grew or healed. */
  renew(table: PictureTable): void {
    this.table = table;
    this.#failed.clear();
    this.aim(this.#target);
  }

  forgive(): void {
    this.#failed.clear();
    this.aim(this.#target);
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
    this.#letGo();
    for (const picture of this.#pictures.values()) picture.close();
    this.#pictures.clear();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      for (let index = this.#next(); index !== null && !this.#isClosed; index = this.#next()) {
        if (index === "wait") await this.#rest();
        else await this.#feed(index);
      }
    } catch (cause) {
      this.#letGo();
      if (!this.#isClosed) this.onFault(cause);
    } finally {
      this.#isWorking = false;
      this.onTheWay = null;
      if (!this.#isClosed) this.onReady();
    }
  }

  /** The frame to decode next; null when all that is wanted is here. */
  #next(): number | "wait" | null {
    const { table } = this;
    const end = Math.min(this.#target + AHEAD, table.count - 1);
    let isAwaited = false;
    for (let index = this.#target; index <= end; index += 1) {
      const tick = table.ticks[index] ?? -1;
      if (this.#pictures.has(tick) || this.isLost(index)) continue;
      if (this.#inside.has(tick) || this.#becoming.has(tick)) {
        // Those behind the one that is wanted may take their time.
        isAwaited ||= index === this.#target;
        continue;
      }
      const key = table.keyBefore(index);
      if (key === null) continue;
      const fed = this.#fed === null ? -1 : table.indexOf(this.#fed);
      const goesOn = this.#decoder?.state === "configured" && fed >= key && fed < index;
      const next = goesOn ? fed + 1 : key;
      const begin = goesOn ? fed : key;
      this.onTheWay =
        index - key > WORTH_A_WORD && index - begin > AHEAD
          ? Math.floor(((begin - key) / (index - key)) * 100)
          : null;
      if (!goesOn) this.#letGo();
      return next;
    }
    return isAwaited ? "wait" : null;
  }

  async #feed(index: number): Promise<void> {
    const { table } = this;
    const tick = table.ticks[index] ?? 0;
    const unit = await this.unit(table, index);
    if (this.#isClosed || this.table !== table) return;
    if (unit.bytes === null) {
      this.#giveUpFrom(index);
      return;
    }
    const decoder = await this.#ready(index);
    if (decoder === null) return;
    this.#inside.add(tick);
    this.#fed = tick;
    const type = table.keyBefore(index) === index ? "key" : "delta";
    decoder.decode(new EncodedVideoChunk({ type, timestamp: tick, data: unit.bytes }));
    await this.#room(decoder);
    if (this.onTheWay !== null) this.onReady();
  }

  /** Frames behind one that is damaged stand on it, up to the next key frame. */
  #giveUpFrom(index: number): void {
    const { table } = this;
    const next = table.keys.find((key) => key > index) ?? table.count;
    for (let lost = index; lost < next; lost += 1) this.#failed.add(table.ticks[lost] ?? -1);
    this.#letGo();
  }

  async #ready(index: number): Promise<VideoDecoder | null> {
    const coding = this.table.coding(index);
    if (coding === null) throw new Undecodable(index, "nothing says how it is coded");
    if (this.#decoder !== null && this.#decoder.state === "configured" && this.#codec === coding.codec)
      return this.#decoder;
    const config: VideoDecoderConfig = { codec: coding.codec, optimizeForLatency: true };
    const answer = globalThis.VideoDecoder?.isConfigSupported(config).catch(() => null);
    if (answer === undefined || (await answer)?.supported !== true) throw new NoVideoDecoder(coding.codec);
    if (this.#isClosed) return null;
    this.#letGo();
    this.#decoder = new VideoDecoder({
      output: (frame) => void this.#out(frame),
      error: (cause) => {
        // It is closed now; the frame that it stood at is the culprit.
        const fed = this.#fed;
        this.#letGo();
        if (fed !== null) this.#giveUpFrom(this.table.indexOf(fed));
        this.onFault(new Undecodable(index, cause));
      },
    });
    this.#codec = coding.codec;
    this.#decoder.configure(config);
    return this.#decoder;
  }

  async #out(frame: VideoFrame): Promise<void> {
    const tick = frame.timestamp;
    this.#lastOut = performance.now();
    this.#stalls = 0;
    const isOurs = this.#inside.delete(tick);
    this.#becoming.add(tick);
    const index = this.table.indexOf(tick);
    try {
      if (isOurs && index >= this.#target - BEHIND && index <= this.#target + 2 * AHEAD)
        this.#keep(tick, await createImageBitmap(frame));
    } catch (cause) {
      this.onFault(new Undecodable(index, cause));
    } finally {
      frame.close();
      this.#becoming.delete(tick);
      this.#wake?.();
    }
    if (!this.#isClosed) this.onReady();
  }

  #keep(tick: number, picture: ImageBitmap): void {
    if (this.#isClosed) {
      picture.close();
      return;
    }
    this.#pictures.get(tick)?.close();
    this.#pictures.set(tick, picture);
    const most = Math.max(
      2 * (AHEAD + BEHIND),
      Math.floor(MAX_PICTURE_BYTES / (picture.width * picture.height * 4)),
    );
    const target = this.table.ticks[this.#target] ?? 0;
    while (this.#pictures.size > most) {
      const [farthest] = [...this.#pictures.keys()].sort(
        (a, b) => Math.abs(b - target) - Math.abs(a - target),
      );
      if (farthest === undefined) return;
      this.#pictures.get(farthest)?.close();
      this.#pictures.delete(farthest);
    }
  }

  /** Until the decoder takes more. One that is slow is not told to give all: it would have to begin anew. */
  async #room(decoder: VideoDecoder): Promise<void> {
    const since = performance.now();
    while (decoder.state === "configured" && decoder.decodeQueueSize > MAX_QUEUED) {
      await this.#woken(LOOKS_EVERY_MS);
      if (performance.now() - Math.max(since, this.#lastOut) > SILENT_MS) {
        this.#stalled();
        return;
      }
    }
  }

  /** Until something comes out or is wanted; false when nothing did for so long. */
  async #woken(withinMs: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isWoken = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
      timer = setTimeout(() => resolve(false), withinMs);
    });
    clearTimeout(timer);
    this.#wake = null;
    return isWoken;
  }

  /** Until something comes out. Some decoders keep a frame until the next one comes: those are told to give all. */
  async #rest(): Promise<void> {
    const decoder = this.#decoder;
    const isSilent = !(await this.#woken(GIVES_WITHIN_MS));
    if (!isSilent || decoder === null || decoder !== this.#decoder || decoder.state !== "configured") return;
    if (decoder.decodeQueueSize > 0 && performance.now() - this.#lastOut < SILENT_MS) return;
    // What follows must begin with a key frame again.
    this.#fed = null;
    await Promise.race([decoder.flush().catch(() => undefined), after(FLUSHES_WITHIN_MS)]);
    if (this.#inside.size > 0) this.#stalled();
  }

  /** It keeps what it has: another one begins anew, unless several did the same. */
  #stalled(): void {
    this.#stalls += 1;
    if (this.#stalls >= MOST_STALLS) {
      for (const tick of this.#inside) this.#failed.add(tick);
    }
    this.#letGo();
  }

  /** What is still in the decoder is of no use. */
  #letGo(): void {
    if (this.#decoder !== null && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    this.#fed = null;
    this.#inside.clear();
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
