// The shared freeze as one page sees and asks for it.
//
// Owns who may freeze and release, the own freeze on its way to the relay, and telling the picture which frame to stand
// on, and bringing its original. Called by `desk.ts`, buttons and keys. Invariant: the freeze in force is the log's; the own, unconfirmed one only
// bridges the way to the relay and back, and never outlives its answer.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { newId } from "../ids";
import type { FreezeId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { OriginalGap } from "../wire/original";
import type { FreezeState } from "../wire/socket";
import type { Consult } from "./consult";
import { fetchOriginal } from "./original";
import type { LivePicture } from "./picture";

/** An own freeze that the relay has not confirmed by now is given up. */
const ANSWER_MS = 3_000;

/** A fetch that failed is tried again after this. */
const FETCH_AGAIN_MS = 1_000;

/** What there is to say of the original of the frozen frame: on its way, here and proven, or why not. */
export type OriginalNews = "awaited" | "proven" | "doubted" | OriginalGap;

export class SharedFreeze {
  /** The own freeze on its way to the relay. */
  readonly #asked = signal<{ readonly freeze: FreezeId; readonly anchor: Anchor } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** The frozen frame whose original was looked at here, and what came of it. */
  readonly #looked = signal<{ readonly frame: string; readonly news: OriginalNews } | null>(null);
  readonly original: ReadonlySignal<OriginalNews | null>;
  readonly #stops: (() => void)[];

  constructor(
    readonly consult: Consult,
    readonly picture: LivePicture,
    /** The frame under the eyes now. */
    readonly frame: () => Anchor | null,
  ) {
    consult.onFreezeRefused = (freeze) => {
      if (this.#asked.peek()?.freeze === freeze) this.#answered();
    };
    this.original = computed(() => this.#original());
    const follow = effect(() => {
      if (this.consult.replica.value.state.freeze !== null && this.#asked.value !== null) this.#answered();
      const anchor = this.anchor();
      if (anchor === null) this.picture.release();
      else this.picture.freeze(anchor.stream === this.consult.stream.value ? anchor.rtpTime : null);
    });
    const bring = effect(() => {
      const freeze = this.consult.replica.value.state.freeze;
      if (freeze?.original.state === "kept" && this.#looked.peek()?.frame !== frameOf(freeze))
        this.#bring(freeze);
    });
    this.#stops = [follow, bring];
  }

  /** The frame that everybody stands on. */
  anchor(): Anchor | null {
    return this.consult.replica.value.state.freeze?.anchor ?? this.#asked.value?.anchor ?? null;
  }

  /** Whether this page may end the freeze in force. */
  mayRelease(): boolean {
    const freeze = this.consult.replica.value.state.freeze;
    // The own one is still on its way: it will be ours.
    if (freeze === null) return true;
    const { author } = freeze;
    const rights = this.consult.rights.value;
    if (author.type !== "person" || author.person === this.consult.grant.person) return true;
    // Whoever froze and left cannot release: then anybody who may freeze can.
    const away = !this.consult.people.value.some((person) => person.session === author.session);
    return rights.releaseAny || (away && rights.freeze);
  }

  /** Freezes everybody on the frame under the eyes, or lets the picture run again. */
  toggle(): void {
    const freeze = this.consult.replica.peek().state.freeze;
    if (freeze === null) this.#ask();
    else if (this.mayRelease()) this.consult.release(freeze.freeze);
  }

  /** Moves everybody to a neighbour of the frozen frame. */
  step(by: 1 | -1): void {
    const freeze = this.consult.replica.peek().state.freeze;
    if (freeze !== null) this.consult.step(freeze.freeze, by);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
    for (const stop of this.#stops) stop();
  }

  #original(): OriginalNews | null {
    const freeze = this.consult.replica.value.state.freeze;
    if (freeze === null) return null;
    const looked = this.#looked.value;
    if (looked?.frame === frameOf(freeze)) return looked.news;
    return freeze.original.state === "missing" ? freeze.original.reason : "awaited";
  }

  #bring(freeze: FreezeState): void {
    this.#looked.value = { frame: frameOf(freeze), news: "awaited" };
    void this.#prove(freeze);
  }

  async #prove(held: FreezeState): Promise<void> {
    const { freeze, anchor, original } = held;
    if (original.state !== "kept") return;
    const frame = frameOf(held);
    const { consult, session } = this.consult.grant;
    const proven = await fetchOriginal(consult, session, original.original);
    const now = this.consult.replica.peek().state.freeze;
    if (now === null || frameOf(now) !== frame) return;
    if (proven.result === "unreachable") {
      this.#again = setTimeout(() => this.#bring(now), FETCH_AGAIN_MS);
    } else if (proven.result === "wrong") {
      this.#looked.value = { frame, news: "doubted" };
      this.consult.doubtOriginal(freeze);
    } else {
      this.picture.showOriginal(anchor.rtpTime, proven.picture);
      this.#looked.value = { frame, news: "proven" };
    }
  }

  #ask(): void {
    const anchor = this.frame();
    if (anchor === null || this.#asked.peek() !== null || !this.consult.rights.peek().freeze) return;
    const freeze = newId<FreezeId>();
    if (!this.consult.freeze(freeze, anchor)) return;
    this.#asked.value = { freeze, anchor };
    this.#timer = setTimeout(() => {
      this.#answered();
      this.consult.freezeUnheard();
    }, ANSWER_MS);
  }

  #answered(): void {
    clearTimeout(this.#timer);
    this.#asked.value = null;
  }
}

/** One freeze on one frame: a step makes it another one. */
function frameOf({ freeze, anchor }: FreezeState): string {
  return `${freeze} ${anchor.stream} ${anchor.rtpTime}`;
}
