// One clip being looked at: its table, its frames and the canvas that they are put on.
//
// The adapter around `reel.ts`: gives it the page's clock and the relay's frames, and publishes what is on the glass as
// signals. Knows no components and no consult. Called by `parts/replay*.tsx`. Invariant: the canvas and the number beside it are
// written in one go, from one object; read only: nothing here changes anything at the relay.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type ApiCode, ApiProblem } from "../net/http";
import { paint } from "../stage/paint";
import type { Size } from "../stage/points";
import type { ClipHead } from "../wire/clip";
import type { Region } from "../wire/region";
import type { MarkState } from "../wire/socket";
import type { RtpTime } from "../wire/units";
import { NoVideoDecoder, Undecodable } from "./faults";
import { type MarksByFrame, marksByFrame } from "./marks";
import { type Due, Reel } from "./reel";
import { Renewal } from "./renewal";
import { type ClipPlace, ClipSource } from "./source";
import { FrameTable, type Stretch } from "./table";

/** Why there is nothing to see, or no more than there is. */
export type Trouble = ApiCode | "undecodable" | "noVideo" | "tableWrong";

/** While bytes arrive, the table is asked for again at most this often. */
const RENEW_EVERY_MS = 500;
/** What could not be had is asked for again after this. */
const AGAIN_MS = 2_000;

/** The frame on the glass, for whoever measures on it. */
export type FrameOnGlass = Size & {
  readonly head: ClipHead;
  readonly index: number;
  /** Microseconds after the first frame. */
  readonly atUs: number;
  readonly rtpTime: RtpTime | null;
  readonly regions: readonly Region[];
  /** A person marked the scale of the regions; the device did not state it. */
  readonly handScale: boolean;
};

function codeOf(cause: unknown): Trouble {
  if (cause instanceof Undecodable) return "undecodable";
  if (cause instanceof NoVideoDecoder) return "noVideo";
  return cause instanceof ApiProblem ? cause.code : "internal";
}

export class ClipPlayer {
  /** The picture; only this player draws on it. `data-frame` is the index of what is on it. */
  readonly canvas = document.createElement("canvas");
  readonly source: ClipSource;
  readonly table = signal<FrameTable | null>(null);
  readonly shown = signal<number | null>(null);
  readonly target = signal(0);
  readonly playing = signal(false);
  readonly waiting = signal(false);
  readonly speed = signal(1);
  readonly loop = signal(true);
  readonly stretch = signal<Stretch | null>(null);
  readonly size = signal<Size | null>(null);
  readonly trouble = signal<Trouble | null>(null);
  readonly frame: ReadonlySignal<FrameOnGlass | null>;
  readonly marks: ReadonlySignal<MarksByFrame>;
  /** The moment of the frame on the glass, in microseconds after the first. */
  readonly glassUs: ReadonlySignal<number | null>;
  #reel: Reel<ImageBitmap> | null = null;
  #ticking: number | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  readonly #renewal = new Renewal(() => this.#renew(), RENEW_EVERY_MS, AGAIN_MS);
  readonly #closing = new AbortController();
  /** Whether what stands beside it is late. */
  readonly #others = new Set<() => boolean>();

  constructor(
    readonly place: ClipPlace,
    /** The marks of the consult in force. */
    marks: ReadonlySignal<readonly MarkState[]>,
    /** All of it is at the relay, so its first frame is there too. */
    isKept: boolean,
  ) {
    this.source = new ClipSource(place);
    this.frame = computed(() => this.#onGlass());
    this.marks = computed(() => {
      const table = this.table.value;
      return table === null ? new Map() : marksByFrame(table, marks.value);
    });
    this.glassUs = computed(() => {
      const [table, index] = [this.table.value, this.shown.value];
      return table === null || index === null ? null : table.atUs(index);
    });
    // The first frame does not wait for the table, unless only the table knows whether it is there.
    if (isKept) void this.#firstFrame();
    this.#renewal.news();
  }

  // ── intents ──

  toggle(): void {
    if (this.playing.peek()) this.pause();
    else this.#act((reel, now) => reel.play(now));
  }

  pause(): void {
    this.#act((reel, now) => reel.pause(now));
  }

  /** Shows a frame, by its index. */
  seek(index: number): void {
    this.#act((reel, now) => reel.seek(index, now));
  }

  step(by: number): void {
    this.#act((reel, now) => {
      reel.pause(now);
      reel.seek(reel.target + by, now);
    });
  }

  /** Shows a frame while another player sets the pace: what lies around it will be wanted too. */
  follow(index: number): void {
    this.#act((reel, now) => {
      reel.pause(now);
      reel.follow(index, now);
    });
  }

  /** The same by its moment. Read in an effect, it is done anew when the table comes. */
  goTo(us: number): void {
    const table = this.table.value;
    if (table !== null) this.follow(table.frameAt(us));
  }

  /** What it was told to show is not on the glass yet, and comes: what has not arrived at the relay may take hours. */
  get isLate(): boolean {
    const [table, target] = [this.table.peek(), this.target.peek()];
    const comes = this.trouble.peek() === null && (table === null || table.isHere(target));
    return comes && this.shown.peek() !== target;
  }

  /** While it plays its clock waits for this as for its own picture, until what comes back is called. */
  waitFor(isLate: () => boolean): () => void {
    this.#others.add(isLate);
    return () => this.#others.delete(isLate);
  }

  setSpeed(speed: number): void {
    this.#act((reel, now) => reel.playhead.setSpeed(speed, now));
  }

  setLoop(loop: boolean): void {
    this.#act((reel) => reel.setLoop(loop));
  }

  /** Plays only from one frame to another; null for all. */
  setStretch(stretch: Stretch | null): void {
    this.#act((reel) => reel.setStretch(stretch));
  }

  /** The frame on the glass becomes the first one played; the last one stays if it lies behind it. */
  setIn(): void {
    const from = this.shown.peek();
    const to = this.stretch.peek()?.to;
    if (from !== null)
      this.setStretch({ from, to: to !== undefined && to > from ? to : Number.MAX_SAFE_INTEGER });
  }

  /** The frame on the glass becomes the last one played. */
  setOut(): void {
    const to = this.shown.peek();
    const from = this.stretch.peek()?.from;
    if (to !== null) this.setStretch({ from: from !== undefined && from < to ? from : 0, to });
  }

  /** More of it may have arrived. */
  renew(): void {
    if (!this.table.peek()?.isWhole) this.#renewal.news();
  }

  retry(): void {
    clearTimeout(this.#again);
    this.trouble.value = null;
    if (this.#reel === null) this.#renewal.news();
    else this.#reel.window.forgive();
    this.#tickSoon();
  }

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#again);
    this.#renewal.close();
    if (this.#ticking !== null) cancelAnimationFrame(this.#ticking);
    this.#reel?.close();
    this.#early?.close();
    this.#early = null;
    this.source.close();
    // Frees the canvas' memory at once; Safari keeps it for long otherwise.
    this.canvas.width = this.canvas.height = 0;
  }

  // ── table and first frame ──

  async #firstFrame(): Promise<void> {
    const { signal: closing } = this.#closing;
    const picture = await this.source.frame(0, closing).catch(() => null);
    // A failure says nothing yet: the table tells whether it is here at all.
    if (picture === null) return;
    if (closing.aborted) {
      picture.close();
      return;
    }
    if (this.shown.peek() === null) {
      this.#draw({ index: 0, picture });
      this.#reel?.stands(0);
    }
    if (this.#reel === null) this.#early = picture;
    else this.#reel.begin(0, picture);
    this.#tickSoon();
  }

  /** The first frame, while there is no table to hold it with. */
  #early: ImageBitmap | null = null;

  /** Gets the table; false when there was no answer. */
  async #renew(): Promise<boolean> {
    const { signal: closing } = this.#closing;
    try {
      const answer = await this.source.table(closing);
      if (closing.aborted) return true;
      const table = FrameTable.read(answer);
      if (table === null) this.trouble.value = "tableWrong";
      else this.#take(table);
      return true;
    } catch (cause) {
      if (!closing.aborted) this.trouble.value = codeOf(cause);
      return false;
    }
  }

  #take(table: FrameTable): void {
    const isFirst = this.#reel === null;
    this.table.value = table;
    this.#reel ??= new Reel<ImageBitmap>(
      table,
      this.source.frame,
      () => this.#tick(),
      (index, cause) => {
        if (index === this.#reel?.target || this.#reel?.waiting) this.#failed(cause);
        else this.#askAgainLater();
      },
    );
    if (this.#early !== null) {
      this.#reel.begin(0, this.#early);
      this.#reel.stands(0);
      this.#early = null;
    }
    if (isFirst) this.size.value ??= { width: table.head.width, height: table.head.height };
    else this.#reel.renew(table);
    this.trouble.value = null;
    this.#tick();
  }

  #failed(cause: unknown): void {
    this.trouble.value = codeOf(cause);
    this.#askAgainLater();
  }

  #askAgainLater(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      const trouble = this.trouble.peek();
      if (trouble !== "undecodable" && trouble !== "noVideo") this.#reel?.window.forgive();
    }, AGAIN_MS);
  }

  // ── the glass ──

  #act(act: (reel: Reel<ImageBitmap>, now: number) => void): void {
    if (this.#reel === null) return;
    act(this.#reel, performance.now());
    this.#tick();
  }

  #tickSoon(): void {
    this.#ticking ??= requestAnimationFrame(() => {
      this.#ticking = null;
      this.#tick();
    });
  }

  #tick(): void {
    const reel = this.#reel;
    if (reel === null) return;
    const due = reel.tick(
      performance.now(),
      [...this.#others].some((isLate) => isLate()),
    );
    if (due !== null) {
      this.#draw(due);
      // What could not be shown is over.
      this.trouble.value = null;
    }
    const { playhead } = reel;
    this.target.value = reel.target;
    this.waiting.value = reel.waiting;
    this.playing.value = playhead.playing;
    this.speed.value = playhead.speed;
    this.loop.value = playhead.loop;
    this.#publishStretch(playhead.stretch);
    if (reel.restless) this.#tickSoon();
  }

  #publishStretch({ from, to }: Stretch): void {
    const isAll = from === 0 && to === (this.table.peek()?.count ?? 1) - 1;
    const before = this.stretch.peek();
    if (isAll) this.stretch.value = null;
    else if (before?.from !== from || before.to !== to) this.stretch.value = { from, to };
  }

  #draw({ index, picture }: Due<ImageBitmap>): void {
    const { canvas } = this;
    this.size.value = paint(canvas, picture) ?? this.size.peek();
    canvas.dataset["frame"] = String(index);
    this.shown.value = index;
  }

  #onGlass(): FrameOnGlass | null {
    const table = this.table.value;
    const index = this.shown.value;
    const size = this.size.value;
    if (table === null || index === null || size === null) return null;
    const { head, regions, handScale } = table;
    const [atUs, rtpTime] = [table.atUs(index), table.rtpTime(index)];
    return { ...size, head, index, atUs, rtpTime, regions, handScale };
  }
}
