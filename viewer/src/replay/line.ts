// The decoded pictures around a frame of a recording.
//
// Owns the decoder: it begins at the key frame before what is wanted, goes on from where it stands whenever that is possible, and
// keeps the pictures around. Groups are long, because key frames come on request only, so it never decodes anew what it can
// go on from. Called by `player.ts`. Invariants: a picture leaves only under the moment that went into the decoder with its bytes;
// each is closed once.

import { NoVideoDecoder, Undecodable } from "../clip/faults";
import { lastNotAbove, type PictureTable } from "./table";
import type { Unit } from "./units";

/** Pictures that are kept: some seconds of 800x600, half a second of 1920x1080. */
export const MAX_PICTURE_BYTES = 128 * 1024 * 1024;
/** Frames decoded beyond the one that is wanted; of large pictures fewer, so that some of those before it stay too. */
const AHEAD = 12;
/** Of those before it so many are kept, for steps back. */
const BEHIND = 24;
/** Frames that wait for the decoder. */
const MAX_QUEUED = 8;
/** Decoded frames that become pictures at the same time: each holds a buffer of the decoder until it is one. */
const MAX_BECOMING = 4;
/** A decoder that took all that it was given and keeps the frame that is awaited for so long wants the next one, or the end. */
const GIVES_WITHIN_MS = 250;
/** A decoder that neither takes nor gives for so long is given up. A slow one on a busy machine is not: it does one of both. */
const SILENT_MS = 10_000;
const SILENT = "the decoder neither takes nor gives";
/** Decoding so many frames before the one that is wanted is worth a word. */
const WORTH_A_WORD = 60;

/** Null when the table is of before: what it speaks of is another frame by now. */
export type UnitOf = (table: PictureTable, index: number) => Promise<Unit | null>;

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
  /** The table is of before; nothing is decoded until `renew`. */
  #isStale = false;
  #isClosed = false;
  /** Nobody looks at it: nothing is decoded until `aim`. */
  #isResting = true;
  /** Of one decoded picture. */
  #pictureBytes: number;
  #wake: (() => void) | null = null;
  /** When this decoder was given something last, took something, or gave something. */
  #heardAt = 0;
  onTheWay: OnTheWay = null;

  constructor(
    private table: PictureTable,
    readonly unit: UnitOf,
    readonly onReady: () => void,
    readonly onStale: () => void,
    readonly onFault: (cause: unknown) => void,
  ) {
    this.#pictureBytes = bytesOf(table.coding(0) ?? { width: 0, height: 0 });
  }

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
    this.#isResting = false;
    this.#wake?.();
    if (!this.#isWorking && !this.#isStale) void this.#work();
  }

  /** The recording grew or healed. */
  renew(table: PictureTable): void {
    // A frame that was decoded without those that came since, or from other bytes, is not the one that it is taken for.
    const same = table.sameAs(this.table);
    const tick = this.table.ticks[this.#target] ?? 0;
    if (this.#fed !== null && !same.has(this.#fed)) this.#rewind();
    for (const [moment, picture] of this.#pictures) {
      if (same.has(moment)) continue;
      picture.close();
      this.#pictures.delete(moment);
    }
    this.table = table;
    this.#isStale = false;
    this.#failed.clear();
    this.#target = Math.max(0, lastNotAbove(table.ticks, tick));
    if (!this.#isResting) this.aim(this.#target);
  }

  forgive(): void {
    this.#failed.clear();
    if (!this.#isResting) this.aim(this.#target);
  }

  /** It is not on the glass any more: its decoder and its pictures go, until it is aimed at again. */
  rest(): void {
    this.#isResting = true;
    this.#wake?.();
    this.#letGo();
    for (const picture of this.#pictures.values()) picture.close();
    this.#pictures.clear();
  }

  close(): void {
    this.#isClosed = true;
    this.rest();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      for (
        let index = this.#next();
        index !== null && !this.#isResting && !this.#isStale;
        index = this.#next()
      ) {
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

  /**
   * The frame to decode next; null when all that is wanted is here. What is in the decoder is given up only for a frame that lies behind
   * it, and never while some of it is wanted: where the frames ahead belong to the next group, it goes on with that.
   */
  #next(): number | "wait" | null {
    const { table } = this;
    const end = Math.min(this.#target + this.#ahead, table.count - 1);
    let isAwaited = false;
    let isComing = false;
    for (let index = this.#target; index <= end; index += 1) {
      const tick = table.ticks[index] ?? -1;
      if (this.#pictures.has(tick) || this.isLost(index)) continue;
      if (this.#inside.has(tick) || this.#becoming.has(tick)) {
        // Those behind the one that is wanted may take their time.
        isAwaited ||= index === this.#target;
        isComing = true;
        continue;
      }
      const key = table.keyBefore(index);
      if (key === null) continue;
      const fed = this.#fedIndex();
      const goesOn = fed >= 0 && fed < index;
      if (isComing && (!goesOn || (fed < key && !this.#isCodedAlike(key)))) return "wait";
      const next = goesOn && fed >= key ? fed + 1 : key;
      const begin = goesOn && fed >= key ? fed : key;
      this.onTheWay =
        index - key > WORTH_A_WORD && index - begin > AHEAD
          ? Math.floor(((begin - key) / (index - key)) * 100)
          : null;
      if (!goesOn) this.#rewind();
      return next;
    }
    return isAwaited ? "wait" : null;
  }

  /** Whether the decoder can go on with this key frame as it is. */
  #isCodedAlike(key: number): boolean {
    return this.table.coding(key)?.codec === this.#codec;
  }

  /** The last frame that went into the decoder; -1 when it has to begin with a key frame. */
  #fedIndex(): number {
    return this.#fed === null || this.#decoder?.state !== "configured" ? -1 : this.table.indexOf(this.#fed);
  }

  async #feed(index: number): Promise<void> {
    const { table } = this;
    const tick = table.ticks[index] ?? 0;
    const unit = await this.unit(table, index);
    if (this.#isResting || this.table !== table) return;
    if (unit === null) {
      this.#isStale = true;
      this.onStale();
      return;
    }
    if (unit.bytes === null) {
      this.#giveUpFrom(index);
      return;
    }
    const isKey = table.keyBefore(index) === index;
    const decoder = isKey ? await this.#begun(index) : this.#decoder;
    // It failed, or the recording healed, while its frame was on the way: what is wanted is looked at anew.
    if (decoder?.state !== "configured" || this.table !== table || (!isKey && this.#fed === null)) return;
    this.#inside.add(tick);
    this.#fed = tick;
    this.#heardAt = performance.now();
    decoder.decode(
      new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: tick, data: unit.bytes }),
    );
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

  /** The decoder, ready for this key frame; what follows a key frame is coded as it is. */
  async #begun(key: number): Promise<VideoDecoder | null> {
    const codec = this.table.coding(key)?.codec;
    if (codec === undefined) throw new Undecodable(key, "nothing says how it is coded");
    // Going on with the next group.
    if (this.#fedIndex() >= 0 && this.#isCodedAlike(key)) return this.#decoder;
    const config: VideoDecoderConfig = { codec, optimizeForLatency: true };
    if (this.#codec !== codec) {
      const answer = globalThis.VideoDecoder?.isConfigSupported(config).catch(() => null);
      if (answer === undefined || (await answer)?.supported !== true) throw new NoVideoDecoder(codec);
      if (this.#isResting) return null;
    }
    this.#rewind();
    this.#decoder ??= this.#made();
    this.#codec = codec;
    this.#decoder.configure(config);
    return this.#decoder;
  }

  #made(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => void this.#out(frame),
      error: (cause) => {
        if (decoder === this.#decoder) this.#giveUp(cause);
      },
    });
    decoder.ondequeue = () => {
      this.#heardAt = performance.now();
      this.#wake?.();
    };
    return decoder;
  }

  async #out(frame: VideoFrame): Promise<void> {
    const tick = frame.timestamp;
    this.#heardAt = performance.now();
    const isOurs = this.#inside.delete(tick);
    this.#dropped(tick);
    this.#becoming.add(tick);
    const { table } = this;
    const index = table.indexOf(tick);
    try {
      if (isOurs && index >= this.#target - BEHIND && index <= this.#target + 2 * AHEAD) {
        const picture = await createImageBitmap(frame);
        // What it was decoded from may be another frame by now.
        if (this.table === table) this.#keep(tick, picture);
        else picture.close();
      }
    } catch (cause) {
      this.onFault(new Undecodable(index, cause));
    } finally {
      frame.close();
      this.#becoming.delete(tick);
      this.#wake?.();
    }
    if (!this.#isClosed) this.onReady();
  }

  /** Frames come out in the order of their moments: those from before this one that did not will not. */
  #dropped(before: number): void {
    for (const tick of this.#inside) {
      if (tick >= before) continue;
      this.#inside.delete(tick);
      this.#failed.add(tick);
    }
    this.#wake?.();
  }

  #keep(tick: number, picture: ImageBitmap): void {
    if (this.#isResting) {
      picture.close();
      return;
    }
    this.#pictures.get(tick)?.close();
    this.#pictures.set(tick, picture);
    this.#pictureBytes = bytesOf(picture);
    const [target, last] = [this.#target, this.#target + this.#ahead];
    const away = (of: number) => {
      const index = this.table.indexOf(of);
      // What is wanted is nearer than all else: it would only be decoded anew.
      return target <= index && index <= last ? 0 : Math.abs(index - target);
    };
    while (this.#pictures.size > this.#most) {
      const [farthest] = [...this.#pictures.keys()].sort((a, b) => away(b) - away(a));
      if (farthest === undefined) return;
      this.#pictures.get(farthest)?.close();
      this.#pictures.delete(farthest);
    }
  }

  /** Pictures that fit. */
  get #most(): number {
    return Math.max(2, Math.floor(MAX_PICTURE_BYTES / Math.max(1, this.#pictureBytes)));
  }

  get #ahead(): number {
    return Math.min(AHEAD, Math.ceil(this.#most / 3));
  }

  /** Until the decoder takes more. */
  async #room(decoder: VideoDecoder): Promise<void> {
    const isFull = () => decoder.decodeQueueSize > MAX_QUEUED || this.#becoming.size >= MAX_BECOMING;
    while (decoder === this.#decoder && decoder.state === "configured" && isFull()) {
      if (!(await this.#woken(SILENT_MS)) && this.#isSilent()) this.#giveUp(SILENT);
    }
  }

  /** Until something comes out, is taken or is wanted; false when nothing was for so long. */
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

  /**
   * Until something comes out. Some decoders keep a frame until the next one comes, or until they are told that it was the last one. To be
   * told that costs beginning anew, so nothing is that is merely slow: only a decoder that took all that it was given.
   */
  async #rest(): Promise<void> {
    const decoder = this.#decoder;
    if ((await this.#woken(GIVES_WITHIN_MS)) || decoder === null || decoder !== this.#decoder) return;
    if (this.#isSilent()) this.#giveUp(SILENT);
    else if (decoder.state === "configured" && decoder.decodeQueueSize === 0 && this.#becoming.size === 0)
      await this.#askFor(decoder);
  }

  /** The frame that is awaited, from a decoder that took it and did not give it. */
  async #askFor(decoder: VideoDecoder): Promise<void> {
    const next = this.#fedIndex() + 1;
    const mayGoOn =
      next > 0 && next <= this.#target + this.#ahead && next < this.table.count && !this.isLost(next);
    if (mayGoOn && (this.table.keyBefore(next) !== next || this.#isCodedAlike(next))) {
      await this.#feed(next);
    } else if (this.#fed !== null) {
      // What follows must begin with a key frame again. It may take as long as it takes; when it fails, its error is told.
      this.#fed = null;
      void decoder.flush().then(
        () => this.#dropped(Number.POSITIVE_INFINITY),
        () => undefined,
      );
    }
  }

  #isSilent(): boolean {
    return this.#inside.size > 0 && performance.now() - this.#heardAt >= SILENT_MS;
  }

  /** It failed, or does nothing any more: the frame that it stands at is the culprit. */
  #giveUp(cause: unknown): void {
    const [first] = this.#inside;
    const index = first === undefined ? -1 : this.table.indexOf(first);
    if (index < 0) this.#letGo();
    else this.#giveUpFrom(index);
    this.onFault(new Undecodable(Math.max(0, index), cause));
    this.#wake?.();
  }

  /** What is in the decoder is of no use; the same one begins with a key frame next. */
  #rewind(): void {
    if (this.#decoder?.state === "configured") this.#decoder.reset();
    if (this.#decoder?.state === "closed") this.#decoder = null;
    this.#fed = null;
    this.#inside.clear();
  }

  /** Nor is the decoder. */
  #letGo(): void {
    if (this.#decoder !== null && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    this.#fed = null;
    this.#inside.clear();
  }
}

/** As it is decoded: four bytes a pixel. */
function bytesOf({ width, height }: { readonly width: number; readonly height: number }): number {
  return width * height * 4;
}
