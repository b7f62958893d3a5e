// Measures this page's link every two seconds, says it to the others, and keeps what the panel shows of it.
//
// Comes with the link panel once the picture runs. Figures are the badge's; frames and bits are medians of the two seconds, so
// that one late frame changes no word. Invariant: what this page shows, what it tells the others and what the log keeps is the
// same sample.

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { LINK_INTERVAL_MS } from "../wire/constants";
import type { Adequacy, LinkLevel, LinkSeen } from "../wire/link";
import { type Arriving, type Hint, hintFor, QUESTIONS, type Question } from "./adequacy";
import type { Consult } from "./consult";
import { causeOf } from "./link-cause";
import { Pauses } from "./pauses";
import type { LivePicture } from "./picture";
import type { Watch } from "./watch";

/** This page gets the whole picture, not a smaller one, when its bits are at least this share of the relay's. */
const WHOLE_FROM = 0.7;

export type LinkNow = {
  readonly seen: LinkSeen;
  readonly hints: Readonly<Record<Question, Hint>>;
};

type Measured = Pick<Watch, "badge" | "tick"> & { readonly consult: Consult; readonly picture: LivePicture };

export class LinkWatch {
  readonly #now = signal<LinkNow | null>(null);
  readonly #pauses = new Pauses();
  #fps: number[] = [];
  #kbps: number[] = [];
  readonly #stop: (() => void)[];

  constructor(readonly watch: Measured) {
    const timer = setInterval(() => this.#measure(), LINK_INTERVAL_MS);
    const hidden = () => this.#pauses.interrupted();
    document.addEventListener("visibilitychange", hidden);
    this.#stop = [
      () => clearInterval(timer),
      () => document.removeEventListener("visibilitychange", hidden),
      effect(() => this.#ticked()),
      effect(() => {
        const frame = watch.picture.frame.value;
        const sourceFps = watch.consult.flow.peek()?.source?.fps ?? null;
        if (frame !== null) this.#pauses.painted(frame.paintedAt, sourceFps);
      }),
    ];
    this.#measure();
  }

  /** The newest sample. */
  get now(): ReadonlySignal<LinkNow | null> {
    return this.#now;
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  #ticked(): void {
    void this.watch.tick.value;
    const { fps, kbps } = this.watch.badge.peek();
    if (fps !== null) this.#fps.push(fps);
    if (kbps !== null) this.#kbps.push(kbps);
  }

  #measure(): void {
    const { consult, picture } = this.watch;
    const badge = this.watch.badge.peek();
    const flow = consult.flow.peek();
    const level: LinkLevel = document.visibilityState === "hidden" ? "hidden" : badge.level;
    const runs = level === "good" || level === "late" || level === "choppy";
    const frame = picture.frame.peek();
    const [fps, kbps] = [median(this.#fps), median(this.#kbps)];
    this.#fps = [];
    this.#kbps = [];
    const before = this.#now.peek()?.seen.hints;
    const arriving: Arriving = {
      fps: runs ? fps : null,
      width: frame?.width ?? 0,
      height: frame?.height ?? 0,
      kbps: bitsThereFor(kbps, flow),
    };
    const hints = Object.fromEntries(
      QUESTIONS.map((question) => [question, hintFor(question, arriving, before?.[question] ?? "unknown")]),
    ) as Record<Question, Hint>;
    const { pauses, pausedMs } = this.#pauses.take();
    const seen: LinkSeen = {
      level,
      cause: causeOf(flow, { level, fps, kbps, lossPercent: badge.lossPercent }),
      fps: whole(fps),
      ageMs: whole(runs ? badge.ageMs : null),
      kbps: whole(kbps),
      lossPercent: badge.lossPercent === null ? null : Math.round(badge.lossPercent * 10) / 10,
      width: arriving.width,
      height: arriving.height,
      pauses,
      pausedMs,
      hints: said(hints),
    };
    this.#now.value = { seen, hints };
    consult.linkSeen(seen);
  }
}

/** What the encoder may spend counts where this page gets the whole picture: a simple one needs less, and is not worse for it. */
function bitsThereFor(kbps: number | null, flow: ReturnType<Consult["flow"]["peek"]>): number | null {
  const target = flow?.source?.targetKbps;
  if (kbps === null || flow === null || target === undefined) return kbps;
  return kbps >= flow.kbps * WHOLE_FROM ? Math.max(kbps, target) : kbps;
}

function said(hints: Readonly<Record<Question, Hint>>): Record<Question, Adequacy> {
  const { ef, ivc, effusion, colour } = hints;
  return {
    ef: ef.adequacy,
    ivc: ivc.adequacy,
    effusion: effusion.adequacy,
    colour: colour.adequacy,
  };
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.max(0, Math.round(value));
}

function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}
