// One consult being replayed: its log, its recordings and voices, and the canvas that the picture is put on.
//
// The adapter around the clock, the story and the decoder: gives them the page's time and the relay's answers, and publishes what is
// to be seen as signals. Knows no components. Called by `parts/consult-replay*.tsx`. Invariants: everything follows the one clock; the canvas
// and what is said of it are written in one go; read only.

import { computed, signal } from "@preact/signals";
import { NoVideoDecoder, Undecodable } from "../clip/faults";
import { type ApiCode, ApiProblem } from "../net/http";
import { paint } from "../stage/paint";
import type { Size } from "../stage/points";
import type { ScenePointer } from "../stage/stage";
import type { SessionId, StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { Anchor } from "../wire/mark";
import type { ReplayAbout } from "../wire/replay";
import type { FreezeState, MarkState } from "../wire/socket";
import { MediaClock, type Span } from "./clock";
import { FrameLine } from "./line";
import { Originals } from "./originals";
import { PointerTrack } from "./pointers";
import {
  type Glass,
  mayBeMarked,
  originalOf,
  pointersOf,
  sameGlass,
  sameMarks,
  samePointers,
  sameSet,
} from "./seen";
import { type ReplayPlace, ReplaySource, UnitShelf } from "./source";
import { type Jump, type Moment, marksAt, Story } from "./story";
import type { PictureTable } from "./table";
import { PictureTables } from "./tables";
import { Voices } from "./voice";
import { anchorOf, beginOf, wholeOf } from "./whole";

/** Why there is nothing to see or hear, or no more than there is. */
export type ReplayTrouble = ApiCode | "undecodable" | "noVideo" | "noVoice";

type Picture = { readonly table: PictureTable; readonly line: FrameLine; readonly shelf: UnitShelf };

/** A picture that is no farther from its moment is late, and not another: what a running clock goes on before it waits, at its fastest. */
const NEAR_US = 1_500_000;
/** What is due and not here for so long makes the clock stand. */
const STARVED_MS = 250;
/** A consult that goes on, or whose recording heals, is asked for again after this. */
const RENEW_MS = 3_000;

export class ConsultPlayer {
  /** The picture; only this player draws on it. `data-rtp` is the stamp of what is on it. */
  readonly canvas = document.createElement("canvas");
  readonly about = signal<ReplayAbout | null>(null);
  readonly story = signal<Story | null>(null);
  readonly tables = signal<ReadonlyMap<StreamId, PictureTable>>(new Map());
  readonly moment = signal<Moment | null>(null);
  readonly marks = signal<readonly MarkState[]>([]);
  /** The freeze on whose frame everybody stands here. */
  readonly frozen = signal<FreezeState | null>(null);
  readonly pointers = signal<readonly ScenePointer[]>([]);
  readonly at = signal(0);
  readonly all = signal<Span | null>(null);
  readonly stretch = signal<Span | null>(null);
  readonly playing = signal(false);
  readonly waiting = signal(false);
  readonly speed = signal(1);
  readonly glass = signal<Glass>({ what: "none" });
  /** The moment of the frame on the glass; null over an original and where there is none. */
  readonly glassUs = computed(() => (this.glass.value.what === "frame" ? this.glass.value.atUs : null));
  readonly size = signal<Size | null>(null);
  /** A frame that somebody chose to look at instead of the one of the moment. */
  readonly chosen = signal<Anchor | null>(null);
  readonly speaking = signal<ReadonlySet<SessionId>>(new Set());
  readonly trouble = signal<ReplayTrouble | null>(null);
  readonly #source: ReplaySource;
  readonly #closing = new AbortController();
  readonly #pictures = new Map<StreamId, Picture>();
  readonly #originals: Originals;
  #clock: MediaClock | null = null;
  readonly #voices: Voices;
  #track = new PointerTrack([]);
  #ticking: number | null = null;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  readonly #tables: PictureTables;
  /** Why a voice did not come. */
  #unheardOf: ReplayTrouble | null = null;
  /** When it was looked at last, more was to come. */
  #wentOn = true;
  #starvedSince: number | null = null;
  /** Whether what stands beside it is late. */
  readonly #others = new Set<() => boolean>();
  #drawn = "";
  /** The moment of what is on the glass; null before the first picture. */
  #drawnUs: number | null = null;
  /** Whose picture is on the glass. */
  #shown: StreamId | null = null;
  #isBusy = false;

  constructor(
    readonly place: ReplayPlace,
    /** Shows this stream and no other. */
    readonly only: StreamId | null = null,
  ) {
    this.#source = new ReplaySource(place, this.#closing.signal);
    this.#tables = new PictureTables((stream) => this.#source.frames(stream));
    this.#originals = new Originals(
      (original) => this.#source.original(original),
      () => this.#tickSoon(),
      (cause) => this.#withoutOriginal(cause),
    );
    this.#voices = new Voices(
      async (track, from) => {
        const packets = await this.#source.voice(track, from);
        // It goes on: what was in the way is not any more.
        if (this.#unheardOf === this.trouble.peek()) this.trouble.value = null;
        this.#unheardOf = null;
        return packets;
      },
      (cause) => this.#unheard(cause),
    );
    void this.#load();
  }

  // ── intents ──

  toggle(): void {
    if (this.playing.peek()) this.pause();
    else this.#act((clock, now) => clock.play(now));
  }

  pause(): void {
    this.#act((clock, now) => clock.pause(now));
  }

  seek(us: number): void {
    this.chosen.value = null;
    this.#originals.forgive();
    this.#act((clock, now) => clock.seek(us, now));
  }

  /** Goes where something happened; a mark is shown on the frame that it belongs to. */
  jump({ atUs, anchor, kind }: Jump): void {
    this.#originals.forgive();
    this.#act((clock, now) => {
      if (kind === "mark" || kind === "freeze") clock.pause(now);
      clock.seek(atUs, now);
      const isFrozen = this.story.peek()?.at(atUs).state.freeze != null;
      this.chosen.value = kind === "mark" && !isFrozen ? anchor : null;
    });
  }

  /** To the frame before or after the one on the glass. */
  step(by: 1 | -1): void {
    this.#act((clock, now) => {
      clock.pause(now);
      const us = clock.due(now);
      const anchor = this.#anchor(us);
      const table = this.#pictures.get(this.#streamAt(us, anchor) ?? ("" as StreamId))?.table;
      if (table === undefined) return;
      const found = anchor === null ? table.at(us) : table.find(anchor.rtpTime, us);
      if (found === null) return;
      const index = Math.min(Math.max(found + by, 0), table.count - 1);
      if (anchor === null) clock.seek(table.atUs[index] ?? us, now);
      else this.chosen.value = anchorOf(table, index);
    });
  }

  setSpeed(speed: number): void {
    this.#act((clock, now) => clock.setSpeed(speed, now));
  }

  setStretch(stretch: Span | null): void {
    this.#act((clock) => clock.setStretch(stretch));
  }

  /** Shows a moment while another player sets the pace. */
  goTo(us: number): void {
    this.#act((clock, now) => {
      clock.pause(now);
      clock.seek(us, now);
    });
  }

  /** The clock waits for this as for its own picture, until what comes back is called. */
  waitFor(isLate: () => boolean): () => void {
    this.#others.add(isLate);
    return () => this.#others.delete(isLate);
  }

  retry(): void {
    this.trouble.value = null;
    for (const { line } of this.#pictures.values()) line.forgive();
    this.#originals.forgive();
    if (this.about.peek() === null) void this.#load();
    else this.#tick();
  }

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#renewal);
    if (this.#ticking !== null) cancelAnimationFrame(this.#ticking);
    for (const { line } of this.#pictures.values()) line.close();
    this.#originals.close();
    this.#voices.close();
    // Frees the canvas' memory at once; Safari keeps it for long otherwise.
    this.canvas.width = this.canvas.height = 0;
  }

  // ── what the relay has ──

  async #load(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    clearTimeout(this.#renewal);
    try {
      await this.#renew();
      if (this.trouble.peek() !== "noVideo" && this.trouble.peek() !== "noVoice") this.trouble.value = null;
    } catch (cause) {
      if (!this.#closing.signal.aborted) this.trouble.value = codeOf(cause);
    } finally {
      this.#isBusy = false;
    }
    if (!this.#closing.signal.aborted && (this.#maySeeMore() || this.#tables.isStale))
      this.#renewal = setTimeout(() => void this.#load(), RENEW_MS);
  }

  async #renew(): Promise<void> {
    const before = this.about.peek();
    const about = await this.#source.about();
    const known = this.story.peek()?.entries ?? [];
    const fresh = known.length < about.head ? await this.#source.log(known.at(-1)?.seq ?? 0) : [];
    const story =
      fresh.length > 0 || known.length === 0 ? new Story([...known, ...fresh]) : this.story.peek();
    if (this.#closing.signal.aborted || story === null) return;
    const wanted = about.pictures.filter(({ stream }) => this.only === null || stream === this.only);
    const tables = await this.#tables.renewed(wanted, story, fresh);
    if (this.#closing.signal.aborted) return;
    for (const [stream, table] of tables) this.#take(stream, table);
    this.#voices.take(about.voices);
    if (about.voices.length > 0 && !before?.voices.length && !Voices.isSupported)
      this.trouble.value ??= "noVoice";
    await this.#takePointers(about, fresh);
    if (this.#closing.signal.aborted) return;
    this.about.value = about;
    this.story.value = story;
    this.tables.value = tables;
    this.moment.value = null;
    const all = wholeOf(about, story, tables);
    if (this.#clock === null) {
      this.#clock = new MediaClock(all);
      this.#clock.seek(beginOf(all, tables), performance.now());
    } else this.#clock.extend(all);
    this.all.value = all;
    this.#tick();
  }

  #take(stream: StreamId, table: PictureTable): void {
    const held = this.#pictures.get(stream);
    if (held?.table === table) return;
    if (held !== undefined) {
      held.line.renew(table);
      this.#pictures.set(stream, { ...held, table });
      return;
    }
    const shelf = new UnitShelf(this.#source, stream);
    const line = new FrameLine(
      table,
      (of, index) => shelf.unit(of, index),
      () => this.#tickSoon(),
      () => {
        this.#tables.outdate(stream);
        void this.#load();
      },
      (cause) => {
        const { table: now } = this.#pictures.get(stream) ?? { table };
        // What is filled in around it is on its way: then it is no damage, but not there yet.
        const isPassing =
          cause instanceof Undecodable && !this.#isSettled(stream, now.ticks[cause.index] ?? 0);
        if (!this.#closing.signal.aborted && !isPassing) this.trouble.value = codeOf(cause);
      },
    );
    this.#pictures.set(stream, { table, line, shelf });
  }

  #unheard(cause: unknown): void {
    if (this.#closing.signal.aborted) return;
    // Discarded since: what there is now says so.
    if (cause instanceof ApiProblem && cause.code === "notFound") void this.#load();
    else {
      this.#unheardOf = cause instanceof ApiProblem ? cause.code : "noVoice";
      this.trouble.value ??= this.#unheardOf;
    }
  }

  /** The frame of the recording stands there meanwhile. */
  #withoutOriginal(cause: unknown): void {
    if (this.#closing.signal.aborted || (cause instanceof ApiProblem && cause.code === "notFound")) return;
    this.trouble.value ??= codeOf(cause);
  }

  async #takePointers({ pointers }: ReplayAbout, fresh: readonly LogEntry[]): Promise<void> {
    const held = this.#track;
    // As many may have come since they were discarded.
    const isOther = fresh.some(({ event }) => event.type === "voiceDiscarded");
    if (pointers === held.moves.length && !isOther) return;
    const from = pointers > held.moves.length && !isOther ? held.end : 0;
    this.#track = held.with(pointers === 0 ? [] : await this.#source.pointers(from), from);
  }

  #maySeeMore(): boolean {
    const about = this.about.peek();
    const goesOn = about === null || about.closedAt === null || isGrowing(about);
    // What came last may not have been in the table yet.
    const mayBeMore = goesOn || this.#wentOn;
    this.#wentOn = goesOn;
    return mayBeMore;
  }

  // ── the glass ──

  #act(act: (clock: MediaClock, now: number) => void): void {
    if (this.#clock === null) return;
    act(this.#clock, performance.now());
    this.#tick();
  }

  #tickSoon(): void {
    this.#ticking ??= requestAnimationFrame(() => {
      this.#ticking = null;
      this.#tick();
    });
  }

  #tick(): void {
    const [clock, story, about] = [this.#clock, this.story.peek(), this.about.peek()];
    if (clock === null || story === null || about === null || this.#closing.signal.aborted) return;
    const now = performance.now();
    const us = clock.due(now);
    if (clock.playing) this.chosen.value = null;
    const moment = story.at(us);
    if (moment.entries !== this.moment.peek()?.entries) this.moment.value = moment;
    const anchor = this.#anchor(us);
    const glass = this.#show(us, anchor, moment);
    this.#starve(clock, now, glass.what === "coming" || [...this.#others].some((isLate) => isLate()));
    // Where another picture is on the glass, what belongs to that frame is not.
    const isElsewhere = anchor !== null && glass.what !== "original" && anchor.stream !== this.#shown;
    const mayBe = mayBeMarked(glass) && !(isElsewhere && this.only === null);
    this.marks.value = sameMarks(
      this.marks.peek(),
      mayBe ? marksAt(moment, us, about.quickMarkSeconds, this.chosen.peek(), this.only) : [],
    );
    this.pointers.value = samePointers(
      this.pointers.peek(),
      mayBe && this.chosen.peek() === null ? pointersOf(this.#track, moment, us) : [],
    );
    this.frozen.value = isElsewhere || this.chosen.peek() !== null ? null : moment.state.freeze;
    if (!sameGlass(this.glass.peek(), glass)) this.glass.value = glass;
    this.#voices.tick(us, clock.playing && !clock.held, clock.speed);
    const speaking = this.#voices.speaking(us);
    if (!sameSet(this.speaking.peek(), speaking)) this.speaking.value = speaking;
    this.at.value = us;
    this.playing.value = clock.playing;
    this.waiting.value = clock.held;
    this.speed.value = clock.speed;
    this.stretch.value = clock.stretch;
    if (clock.playing) this.#tickSoon();
  }

  /** The clock waits for a picture that is late, here or beside it, and for nothing else. */
  #starve(clock: MediaClock, now: number, isLate: boolean): void {
    if (!isLate) {
      this.#starvedSince = null;
      if (clock.held) clock.release(now);
    } else {
      this.#starvedSince ??= now;
      if (clock.playing && now - this.#starvedSince >= STARVED_MS) clock.hold(now);
    }
  }

  /** The frame that everybody stands on, or that somebody chose to see. */
  #anchor(us: number): Anchor | null {
    return this.chosen.peek() ?? this.story.peek()?.at(us).state.freeze?.anchor ?? null;
  }

  #streamAt(us: number, anchor: Anchor | null): StreamId | null {
    if (this.only !== null) return this.only;
    if (anchor !== null && this.#pictures.has(anchor.stream)) return anchor.stream;
    const covering = [...this.#pictures].filter(([, { table }]) => table.isCovered(us));
    const any = covering.at(-1) ?? [...this.#pictures].filter(([, { table }]) => table.at(us) >= 0).at(-1);
    return (any ?? [...this.#pictures][0])?.[0] ?? null;
  }

  #show(us: number, anchor: Anchor | null, moment: Moment): Glass {
    const stream = this.#streamAt(us, anchor);
    const picture = stream === null ? undefined : this.#pictures.get(stream);
    this.#rest(stream);
    const original = this.chosen.peek() === null ? originalOf(moment) : null;
    if (original !== null && this.only === null) {
      const held = this.#originals.picture(original);
      if (held !== null) {
        this.#draw(held, `original ${original.blob}`, anchor?.rtpTime ?? 0);
        this.#drawnUs = us;
        return { what: "original" };
      }
    }
    if (picture === undefined) return { what: "none" };
    const { table, line } = picture;
    const isOfThis = anchor !== null && anchor.stream === stream;
    const index = isOfThis ? table.find(anchor.rtpTime, us) : table.isCovered(us) ? table.at(us) : null;
    if (index === null) return { what: "hole" };
    line.aim(index);
    if (line.isLost(index)) return { what: "hole" };
    const bitmap = line.picture(index);
    if (bitmap === null) {
      const isApart = isOfThis || this.#drawnUs === null || Math.abs(us - this.#drawnUs) > NEAR_US;
      return { what: "coming", percent: line.onTheWay, isApart };
    }
    const tick = table.ticks[index] ?? 0;
    this.#draw(bitmap, `${stream} ${tick}`, tick % 2 ** 32);
    const isSettled = this.#isSettled(table.stream, tick);
    const atUs = table.atUs[index] ?? us;
    this.#drawnUs = atUs;
    return { what: "frame", index, atUs, isFilled: table.isFilled[index] === 1, isSettled };
  }

  /** What is not on the glass holds no pictures, no decoder and no coded frames. */
  #rest(shown: StreamId | null): void {
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const [stream, { line, shelf }] of this.#pictures) {
      if (stream === shown) continue;
      line.rest();
      shelf.rest();
    }
  }

  #isSettled(stream: StreamId, tick: number): boolean {
    const picture = this.about.peek()?.pictures.find((one) => one.stream === stream);
    return picture === undefined || !picture.growing || tick < (picture.wholeUntil ?? 0);
  }

  #draw(picture: ImageBitmap, name: string, rtp: number): void {
    if (this.#drawn === name) return;
    const { canvas } = this;
    this.size.value = paint(canvas, picture) ?? this.size.peek();
    canvas.dataset["rtp"] = String(rtp);
    this.#drawn = name;
  }
}

/** Whether more of its pictures comes. */
export function isGrowing({ pictures }: ReplayAbout): boolean {
  return pictures.some(({ growing }) => growing);
}

function codeOf(cause: unknown): ReplayTrouble {
  if (cause instanceof NoVideoDecoder) return "noVideo";
  if (cause instanceof Undecodable) return "undecodable";
  return cause instanceof ApiProblem ? cause.code : "internal";
}
