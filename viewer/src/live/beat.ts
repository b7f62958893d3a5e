// That beat again: the originals before the frozen frame, fetched, proven one by one, and played in a loop.
//
// Follows the log: a beat is shown to everybody or to nobody. Owns the proven rows of its frames, bounded in bytes, and where
// the loop stands; playing, pausing and stepping inside it are this page's own. Called by `desk.ts`, buttons and keys.
// Invariants: only rows whose digest was recomputed here are shown; what is said to be on the glass is on the glass.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Anchor } from "../wire/mark";
import type { BeatFrame } from "../wire/original";
import type { FreezeState } from "../wire/socket";
import { frameAt, inOrder, mayBegin, offsets } from "./beat-frames";
import type { Consult } from "./consult";
import { fetchRows, toImage } from "./original";
import type { LivePicture } from "./picture";
import type { Rows } from "./png";

/** Proven rows kept: 3 s of 800 x 600 at 30 frames a second take 43 MB in gray and 130 MB in colour; a tablet ends pages
 * that hold much more. Of a larger beat the newest frames are kept, and the words say so. */
const MAX_ROWS_BYTES = 136 * 1024 * 1024;
/** Frames fetched and decoded at the same time: browsers open six connections to one host, and the picture's are among them. */
const AT_ONCE = 4;
/** A fetch that failed is tried again after this. */
const FETCH_AGAIN_MS = 1_000;

/** What there is to say of the beat that everybody sees. */
export type BeatView = {
  /** Frames that it has, or will have; 0 while nothing of it came. */
  readonly of: number;
  /** Frames that were proven here. */
  readonly proven: number;
  /** Frames whose pixels are not what was said. */
  readonly wrong: number;
  /** Frames that came and do not fit into this page. */
  readonly leftOut: number;
  /** No more comes. */
  readonly ended: boolean;
  /** Frames that came, in all. */
  readonly came: number;
  /** The frame on the glass, from 1; null before the first one. */
  readonly at: number | null;
  readonly playing: boolean;
};

type Held = {
  readonly frame: BeatFrame;
  state: "waiting" | "fetching" | "proven" | "wrong" | "leftOut";
  rows: Rows | null;
};

export class SharedBeat {
  readonly view = signal<BeatView | null>(null);
  /** Whether one is shown. Whoever needs no more than this is not told of every frame. */
  readonly isShown = computed(() => this.view.value !== null);
  /** The frame of the loop that is on the glass. */
  readonly #standsOn = signal<Anchor | null>(null);
  /** Which beat this is; null while none is shown. */
  #key: string | null = null;
  /** Counts beats, so that what is fetched for one does not count for the next, even of the same freeze. */
  #generation = 0;
  #anchor: Anchor | null = null;
  /** Oldest first. */
  #held: Held[] = [];
  #of = 0;
  #ended = false;
  #bytes = 0;
  #fetching = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** `performance.now` when it was asked for. */
  #askedAt = 0;
  /** What the loop plays: proven frames without a gap from the oldest on. */
  #playable: Held[] = [];
  #shownAt: number[] = [];
  #at: number | null = null;
  /** `performance.now` of the loop's beginning; null while it stands. */
  #playingSince: number | null = null;
  #animation: number | null = null;
  /** It was played, paused or stepped by hand: it does not begin by itself any more. */
  #byHand = false;
  #image: ImageData | null = null;
  readonly #stop: () => void;

  constructor(
    readonly consult: Consult,
    readonly picture: LivePicture,
  ) {
    this.#stop = effect(() => {
      const { freeze } = this.consult.replica.value.state;
      const arriving = this.consult.arriving.value;
      this.#follow(
        freeze,
        arriving?.freeze === freeze?.freeze ? (arriving?.frames ?? []) : [],
        arriving?.of ?? 0,
      );
    });
  }

  /** The frame of the loop that is on the glass, if the loop stands over the frozen frame. */
  get standsOn(): ReadonlySignal<Anchor | null> {
    return this.#standsOn;
  }

  /** Shows it to everybody, or ends that. Nothing of it comes: asks once more. */
  toggle(): void {
    const { freeze } = this.consult.replica.peek().state;
    if (freeze === null) return;
    const shown = freeze.beat?.shown === true && freeze.beat.news.state !== "missing";
    this.consult.beat(freeze.freeze, !shown);
  }

  playOrPause(): void {
    if (this.#playingSince === null) this.#play(true);
    else this.pause();
  }

  /** Stands still on the frame under the eyes. */
  pause(): void {
    if (this.#key === null) return;
    this.#byHand = true;
    this.#halt();
    this.#tell();
  }

  /** Moves inside the loop; from its end to its beginning and back. */
  step(by: 1 | -1): void {
    this.pause();
    const count = this.#playable.length;
    if (count > 0) this.#show(((this.#at ?? 0) + by + count) % count);
  }

  close(): void {
    this.#stop();
    this.#drop();
  }

  #follow(freeze: FreezeState | null, arriving: readonly BeatFrame[], of: number): void {
    const beat = freeze?.beat;
    if (freeze === null || beat === null || beat === undefined || !beat.shown) {
      this.#drop();
      return;
    }
    const key = `${freeze.freeze} ${freeze.anchor.rtpTime}`;
    if (key !== this.#key) {
      this.#drop();
      this.#key = key;
      this.#askedAt = performance.now();
    }
    this.#anchor = freeze.anchor;
    const { news } = beat;
    this.#ended = news.state !== "awaited";
    this.#of = news.state === "kept" ? news.of : arriving.length > 0 ? of : this.#of;
    this.#take(news.state === "kept" ? news.frames : arriving);
    this.#tell();
  }

  #take(frames: readonly BeatFrame[]): void {
    const known = new Map(this.#held.map((held) => [held.frame.rtpTime, held]));
    if (frames.every((frame) => known.has(frame.rtpTime))) return;
    const all = inOrder([...this.#held.map((held) => held.frame), ...frames]);
    this.#held = all.map((frame) => known.get(frame.rtpTime) ?? { frame, state: "waiting", rows: null });
    this.#fetchNext();
  }

  #fetchNext(): void {
    while (this.#fetching < AT_ONCE) {
      const next = this.#held.find((held) => held.state === "waiting");
      if (next === undefined) return;
      next.state = "fetching";
      void this.#fetch(next);
    }
  }

  async #fetch(held: Held): Promise<void> {
    const generation = this.#generation;
    this.#fetching += 1;
    const { consult, session } = this.consult.grant;
    const proven = await fetchRows(consult, session, held.frame.original);
    if (generation !== this.#generation) return;
    this.#fetching -= 1;
    if (proven.result === "unreachable") {
      held.state = "waiting";
      this.#again ??= setTimeout(() => {
        this.#again = undefined;
        this.#fetchNext();
      }, FETCH_AGAIN_MS);
      return;
    }
    if (proven.result === "wrong") this.#doubt(held);
    else this.#keep(held, proven.rows);
    this.#settled();
    this.#fetchNext();
  }

  /** The first wrong frame of a beat goes on record: they have one cause. */
  #doubt(held: Held): void {
    const isFirst = !this.#held.some((other) => other.state === "wrong");
    held.state = "wrong";
    const freeze = this.consult.replica.peek().state.freeze;
    if (isFirst && freeze !== null) this.consult.doubtOriginal(freeze.freeze, held.frame.rtpTime);
  }

  #keep(held: Held, rows: Rows): void {
    held.state = "proven";
    held.rows = rows;
    this.#bytes += rows.bytes.length;
    for (const oldest of this.#held) {
      if (this.#bytes <= MAX_ROWS_BYTES) return;
      if (oldest.rows === null || oldest === held) continue;
      this.#bytes -= oldest.rows.bytes.length;
      oldest.rows = null;
      oldest.state = "leftOut";
    }
  }

  /** One more frame was looked at: what can be played grows, and the loop may begin. */
  #settled(): void {
    const under = this.#at === null ? undefined : this.#playable[this.#at];
    const open = this.#held.findIndex((held) => held.state === "waiting" || held.state === "fetching");
    const looked = open < 0 ? this.#held : this.#held.slice(0, open);
    this.#playable = looked.filter((held) => held.state === "proven");
    this.#shownAt = offsets(this.#playable.map((held) => held.frame.rtpTime));
    // Frames that are let go at the beginning move the one on the glass.
    if (under !== undefined) {
      const at = this.#playable.indexOf(under);
      this.#at = at < 0 ? null : at;
    }
    if (this.#at === null && this.#playable.length > 0) this.#show(0);
    const took = performance.now() - this.#askedAt;
    const total = this.#ended ? this.#held.length : this.#of;
    const span = this.#spanMs(total);
    if (!this.#byHand && this.#playingSince === null && mayBegin(looked.length, total, took, span))
      this.#play(false);
    this.#tell();
  }

  /** How long the loop will last, by what is known of its frames. */
  #spanMs(total: number): number {
    const times = offsets(this.#held.map((held) => held.frame.rtpTime));
    const last = times.at(-1) ?? 0;
    return times.length < 2 ? 0 : (last / (times.length - 1)) * (total - 1);
  }

  #play(byHand: boolean): void {
    if (this.#playable.length < 2) return;
    this.#byHand ||= byHand;
    this.#playingSince = performance.now() - (byHand ? (this.#shownAt[this.#at ?? 0] ?? 0) : 0);
    this.#animation ??= requestAnimationFrame(this.#animate);
    this.#tell();
  }

  readonly #animate = (): void => {
    this.#animation = null;
    if (this.#playingSince === null) return;
    const at = frameAt(this.#shownAt, performance.now() - this.#playingSince);
    if (at !== this.#at) this.#show(at);
    this.#animation = requestAnimationFrame(this.#animate);
  };

  #show(at: number): void {
    const held = this.#playable[at];
    if (held === undefined || held.rows === null) return;
    this.#at = at;
    const { rows, frame } = held;
    if (this.#image?.width !== rows.width || this.#image.height !== rows.height)
      this.#image = new ImageData(rows.width, rows.height);
    const painted = this.picture.showLoop(toImage(rows, this.#image));
    if (!painted || this.#anchor === null) return;
    this.#standsOn.value = { ...this.#anchor, rtpTime: frame.rtpTime };
    this.#tell();
  }

  #halt(): void {
    this.#playingSince = null;
    if (this.#animation !== null) cancelAnimationFrame(this.#animation);
    this.#animation = null;
  }

  #drop(): void {
    if (this.#key === null) return;
    this.#generation += 1;
    this.#halt();
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#key = this.#anchor = this.#image = this.#at = null;
    this.#held = [];
    this.#playable = [];
    this.#shownAt = [];
    this.#of = this.#bytes = this.#fetching = 0;
    this.#byHand = false;
    this.#standsOn.value = null;
    this.view.value = null;
    this.picture.endLoop();
  }

  #tell(): void {
    if (this.#key === null) return;
    const count = (state: Held["state"]) => this.#held.filter((held) => held.state === state).length;
    const shown = this.#standsOn.peek();
    const at = shown === null ? -1 : this.#held.findIndex((held) => held.frame.rtpTime === shown.rtpTime);
    this.view.value = {
      of: Math.max(this.#of, this.#held.length),
      proven: count("proven"),
      wrong: count("wrong"),
      leftOut: count("leftOut"),
      ended: this.#ended,
      came: this.#held.length,
      at: at < 0 ? null : at + 1,
      playing: this.#playingSince !== null,
    };
  }
}
