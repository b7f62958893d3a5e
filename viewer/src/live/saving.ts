// Saving clips and stills, as one page asks for it and sees it happen.
//
// Owns the press (with an id made here, so that saying it twice saves once), the view label that sticks until it is
// changed, the clips of the consult with own presses that are not said yet, and the news about the newest one. How a press
// gets through a lost link is `sending.ts`. Called by `desk.ts`, buttons and keys. Invariant: a stage shown is the log's
// word or that nothing was said yet; this page never believes on its own that something is safe.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { newId } from "../ids";
import { clipSeconds } from "../settings";
import type { ClipState } from "../wire/clip";
import { VIEW_OTHER, VIEWS } from "../wire/constants";
import type { ClipId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { RelayTime } from "../wire/units";
import type { Consult } from "./consult";

/** View labels (断面) that a press can carry; the last one stands for what has no name here. */
export const VIEW_CHOICES: readonly string[] = [...VIEWS, VIEW_OTHER];

/** How long good and bad endings stay in the news. */
const KEPT_TOLD_MS = 6_000;
const MISSING_TOLD_MS = 20_000;

export type ShownClip = ClipState & {
  /** Whether the relay has heard of it. */
  readonly said: boolean;
  /** How much of it is here, 0 to 1. */
  readonly arrived: number;
};

export class Saving {
  /** The view label of the next press, or none. */
  readonly view = signal<string | null>(null);
  /** Clips and stills of the consult, the newest first. */
  readonly clips: ReadonlySignal<readonly ShownClip[]>;
  /** The newest clip while there is something to say of it. */
  readonly news: ReadonlySignal<ShownClip | null>;
  /** The clip that is open here. */
  readonly opened = signal<ClipId | null>(null);
  readonly #told = signal<ClipId | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;

  constructor(
    readonly consult: Consult,
    /** The frame that everybody stands on. */
    readonly frozenOn: () => Anchor | null,
  ) {
    this.clips = computed(() => this.#clips());
    this.news = computed(() => this.clips.value.find(({ clip }) => clip === this.#told.value) ?? null);
    this.#stop = this.#followNews();
  }

  /** Saves the last seconds. */
  press(): void {
    this.consult.saveClip(newId<ClipId>(), { type: "last", seconds: clipSeconds.peek() }, this.view.peek());
  }

  /** Saves the frozen frame. */
  still(): void {
    const anchor = this.frozenOn();
    if (anchor !== null) this.consult.saveClip(newId<ClipId>(), { type: "frame", anchor }, this.view.peek());
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
  }

  #clips(): ShownClip[] {
    const { consult } = this;
    const have = consult.clipBytes.value;
    const held = consult.replica.value.state.clips;
    const known = new Set(held.map(({ clip }) => clip));
    const unsaid = consult.pending.value.flatMap(({ message, order }) =>
      message.type === "saveClip" && !known.has(message.clip)
        ? [unsaidClip(message.clip, order, consult.grant)]
        : [],
    );
    const said = held.map((clip) => ({ ...clip, said: true, arrived: arrivedOf(clip, have.get(clip.clip)) }));
    return [...said, ...unsaid].reverse();
  }

  /** What was over before this page came is no news, and neither is an older clip because a newer one was given up. */
  #followNews(): () => void {
    let before: ReadonlyMap<ClipId, string> | null = null;
    return effect(() => {
      const clips = this.clips.value;
      const known = before;
      const wasAway = known === null || !this.consult.current.peek();
      before = new Map(clips.map((clip) => [clip.clip, stageOf(clip)]));
      const changed = clips.find(
        (clip) => known?.get(clip.clip) !== stageOf(clip) && !(wasAway && isOver(clip)),
      );
      if (changed !== undefined) this.#tell(changed);
    });
  }

  #tell(clip: ShownClip): void {
    clearTimeout(this.#timer);
    this.#told.value = clip.clip;
    if (!isOver(clip)) return;
    const until = clip.stage.stage === "kept" ? KEPT_TOLD_MS : MISSING_TOLD_MS;
    this.#timer = setTimeout(() => {
      this.#told.value = null;
    }, until);
  }
}

function stageOf({ said, stage }: ShownClip): string {
  return said ? stage.stage : "unsaid";
}

function isOver({ stage }: ShownClip): boolean {
  return stage.stage === "kept" || stage.stage === "missing";
}

function arrivedOf({ head, stage }: ClipState, have: number | undefined): number {
  if (stage.stage === "kept") return 1;
  return head === null || have === undefined ? 0 : Math.min(1, have / head.bytes);
}

function unsaidClip(clip: ClipId, orderMs: number, grant: Consult["grant"]): ShownClip {
  const { session, person, name, initials, role } = grant;
  return {
    clip,
    author: { type: "person", session, person, name, initials, role },
    at: (orderMs * 1_000) as RelayTime,
    head: null,
    stage: { stage: "asked" },
    said: false,
    arrived: 0,
  };
}
