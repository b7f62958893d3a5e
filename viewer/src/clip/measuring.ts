// Measuring on the frames of one recorded clip, for the one who looks at it.
//
// Owns what was measured here; it stays in this page and goes with the player, because a recording is read only and
// everybody may look at another frame of it. The points are `marks/measure-hand.ts`'s, values come from `measure/`. Called by
// `parts/replay-measure.tsx`. Invariant: a measurement belongs to exactly the frame that stood on the glass, with the
// regions that the clip states.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { MeasureHand, type MeasureHost } from "../marks/measure-hand";
import type { FrameName } from "../marks/measure-task";
import type { Answer } from "../measure/answer";
import type { Taken } from "../measure/derived";
import type { PicturePoint } from "../stage/points";
import type { SceneDraft } from "../stage/stage";
import { RTP_CLOCK_HZ } from "../wire/constants";
import type { Pen } from "../wire/mark";
import type { Gauge, MeasureKind } from "../wire/measure";
import type { FrameIndex, RtpTime } from "../wire/units";
import type { ClipPlayer } from "./player";
import type { ClipPlace } from "./source";

/** Measurements of one clip kept here; the oldest goes. */
export const MAX_MEASURED = 100;

const US_PER_S = 1_000_000;

/** Nobody else sees it, so there is nothing to tell apart. */
const PEN: Pen = "white";

/** A measurement on a frame of the clip. */
export type Measured = {
  readonly number: number;
  readonly index: number;
  readonly what: MeasureKind;
  readonly points: readonly PicturePoint[];
  readonly gauge: Gauge;
  readonly taken: Taken;
  /** A person marked the scale of the gauge's regions. */
  readonly handScale: boolean;
};

export type ClipMeasuringHost = Pick<MeasureHost, "stage" | "explain" | "explainFull"> & {
  /** What stands beside a measurement. */
  readonly words: (answer: Answer | null) => string | null;
  /** Whether this installation measures; where it does not, what was measured is a form without a value. */
  readonly isOn: () => boolean;
};

export class ClipMeasuring {
  /** The next press on the picture sets a point. */
  readonly inHand = signal(false);
  readonly hand: MeasureHand;
  /** The newest first. */
  readonly measured = signal<readonly Measured[]>([]);
  /** What of it stands on the frame on the glass. */
  readonly scene: ReadonlySignal<{
    readonly measuring: SceneDraft | null;
    readonly measured: readonly SceneDraft[];
  }>;
  /** A person marked the scale that the clip states for the frame on the glass. */
  readonly handScale: ReadonlySignal<boolean>;
  readonly #gauge: ReadonlySignal<Gauge | null>;
  readonly #stop: () => void;
  #next = 1;

  constructor(
    readonly player: Pick<ClipPlayer, "frame" | "playing" | "pause"> & {
      readonly place: Pick<ClipPlace, "clip">;
    },
    readonly host: ClipMeasuringHost,
  ) {
    this.#gauge = computed(() => {
      const frame = this.player.frame.value;
      if (frame === null) return null;
      const { width, height, index, regions } = frame;
      const scale: Gauge["scale"] =
        regions.length === 0 ? { type: "pixels" } : { type: "regions", regions: [...regions] };
      return { frame: index as FrameIndex, width, height, scale };
    });
    this.handScale = computed(() => this.player.frame.value?.handScale ?? false);
    this.hand = new MeasureHand({
      ...host,
      // Not while it plays: nobody could say which frame was meant.
      ground: () => (this.player.playing.peek() ? null : nameOf(this.#gauge.peek())),
      gauge: () => this.#gauge.value,
      take: ({ what, points }) => {
        const [gauge, frame] = [this.#gauge.peek(), this.player.frame.peek()];
        if (gauge?.frame === undefined || frame === null) return;
        const { atUs, handScale } = frame;
        const taken: Taken = { timeline: this.player.place.clip, rtpTime: rtpTimeOf(atUs) };
        const one = { number: this.#next, index: gauge.frame, what, points, gauge, taken, handScale };
        this.#next += 1;
        this.measured.value = [one, ...this.measured.peek()].slice(0, MAX_MEASURED);
      },
    });
    this.scene = computed(() => this.#scene());
    const stops = [
      effect(() => this.hand.standsOn(nameOf(this.#gauge.value))),
      effect(() => {
        if (!host.isOn() && this.inHand.peek()) this.toggle();
      }),
    ];
    this.#stop = () => {
      for (const stop of stops) stop();
    };
  }

  toggle(): void {
    this.inHand.value = !this.inHand.peek();
    if (!this.inHand.peek()) this.hand.drop();
    else {
      this.player.pause();
      this.hand.load();
    }
  }

  remove(number: number): void {
    this.measured.value = this.measured.peek().filter((one) => one.number !== number);
  }

  close(): void {
    this.#stop();
  }

  #scene(): { measuring: SceneDraft | null; measured: SceneDraft[] } {
    const { hand, host } = this;
    const words = (answer: Answer | null) => (host.isOn() ? host.words(answer) : null);
    const index = this.#gauge.value?.frame;
    const rules = hand.rules.value;
    const measured = this.measured.value
      .filter((one) => one.index === index)
      .map(({ what, points, gauge }): SceneDraft => {
        const answer = rules === null ? null : rules.answer(what, points, gauge);
        return { form: what.type, pen: PEN, points, active: -1, words: words(answer) };
      });
    const draft = hand.draft.value;
    const task = hand.task.value;
    if (draft === null || task.type !== "measure") return { measuring: null, measured };
    const { points, active } = draft;
    const now = words(hand.answerNow.value);
    return { measuring: { form: task.what.type, pen: PEN, points, active, words: now }, measured };
  }
}

/** The clip's own time in units of the capture clock, which it may lack. */
function rtpTimeOf(atUs: number): RtpTime {
  return (Math.round((atUs * RTP_CLOCK_HZ) / US_PER_S) >>> 0) as RtpTime;
}

function nameOf(gauge: Gauge | null): FrameName | null {
  return gauge?.frame === undefined ? null : (String(gauge.frame) as FrameName);
}
