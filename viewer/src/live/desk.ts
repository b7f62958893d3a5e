// Everything that one page of a consult works with, wired together.
//
// Owns the consult, the picture, the watch, the hand, the freeze and the stage, and what follows from them together:
// what the frame says, whether drawing is possible, which frame a mark belongs to. Made by the consult and bedside
// screens, one per visit of the page. Invariant: a mark's ground is a frame that is on the glass at that moment.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { t } from "../i18n/i18n";
import type { Ground } from "../marks/drawing";
import { type Showing, unlessSame, visibleMarks } from "../marks/visible";
import { StageInput } from "../stage/input";
import { stagePoint } from "../stage/points";
import { Stage } from "../stage/stage";
import { type View, WHOLE } from "../stage/view";
import type { SessionGrant } from "../wire/http";
import type { AnnotationId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { Page } from "../wire/people";
import type { MarkState } from "../wire/socket";
import { SharedBeat } from "./beat";
import { Consult } from "./consult";
import { exposeDiagnostics } from "./diagnostics";
import type { PaintedFrame } from "./frames";
import { SharedFreeze } from "./freeze";
import { DrawingHand } from "./hand";
import { frameName, Measuring } from "./measuring";
import { LivePicture, type Still } from "./picture";
import { STALE_AFTER_MS } from "./quality";
import { Saving } from "./saving";
import { composeScene } from "./scene";
import { Watch } from "./watch";
import { whyNotDraw, whyNotMeasure } from "./why";

/** What the stage's frame and words say. */
export type Scenery =
  | "waiting"
  | "live"
  | "stale"
  | "frozen"
  | "frozenOriginal"
  | "frozenNear"
  | "frozenComing"
  | "frozenMissing";

/** Why drawing is not possible now. */
export type Hindrance = "noRight" | "noPicture" | "stillMissing" | null;

/** The frozen frame is not on the glass yet. */
function isOnItsWay({ kind }: Still): boolean {
  return kind === "missing" || kind === "coming";
}

export class Desk {
  readonly consult: Consult;
  readonly picture: LivePicture;
  readonly watch: Watch;
  readonly hand: DrawingHand;
  readonly measuring: Measuring;
  readonly freeze: SharedFreeze;
  readonly beat: SharedBeat;
  readonly saving: Saving;
  readonly view = signal<View>(WHOLE);
  readonly scenery: ReadonlySignal<Scenery>;
  readonly hindrance: ReadonlySignal<Hindrance>;
  /** The marks over the picture now; the same array as long as nothing of it changes. */
  readonly visible: ReadonlySignal<readonly MarkState[]>;
  /** The frozen frame that is really shown here. */
  readonly #standsOn: ReadonlySignal<Anchor | null>;
  /** What was just said about something that cannot be done; each try makes a new one. */
  readonly explanation = signal<{ readonly words: string } | null>(null);
  #stage: Stage | null = null;
  #input: StageInput | null = null;
  readonly #stopEffects: (() => void)[] = [];

  constructor(
    readonly grant: SessionGrant,
    readonly page: Page,
  ) {
    this.picture = new LivePicture(grant.consult, grant.session);
    this.consult = new Consult(grant, page);
    this.watch = new Watch(this.picture, this.consult);
    this.measuring = new Measuring({
      consult: this.consult,
      stage: () => this.#stage,
      ground: () => (whyNotMeasure(this) === null ? this.ground() : null),
      pen: () => this.hand.pen.peek(),
      explain: () => this.explain(whyNotMeasure(this)),
      explainFull: () => this.explain(t("measure.full")),
    });
    this.hand = new DrawingHand({
      measuring: this.measuring,
      consult: this.consult,
      stage: () => this.#stage,
      ground: () => this.ground(),
      begins: () => this.beat.pause(),
      explain: () => this.explain(whyNotDraw(this)),
    });
    this.freeze = new SharedFreeze(this.consult, this.picture, () =>
      this.#anchorOf(this.picture.frameToFreeze()),
    );
    this.beat = new SharedBeat(this.consult, this.picture);
    this.saving = new Saving(this.consult, () => this.freeze.anchor());
    this.scenery = computed(() => this.#scenery());
    this.hindrance = computed(() => this.#hindrance());
    this.#standsOn = computed(() => {
      const still = this.picture.still.value;
      return still === null || isOnItsWay(still) ? null : (this.beat.standsOn.value ?? this.freeze.anchor());
    });
    let visible: readonly MarkState[] = [];
    this.visible = computed(() => {
      visible = unlessSame(visible, visibleMarks(this.consult.marks.value, this.#showing()));
      return visible;
    });
    this.picture.onFrame = (frame) => this.watch.painted(frame);
    this.#stopEffects.push(
      this.#followStream(),
      this.#followLink(),
      this.#followMeasuring(),
      this.#followStranger(),
      exposeDiagnostics(this),
    );
  }

  /** Gives the desk its canvas; the way back is the returned function. */
  mount(canvas: HTMLCanvasElement): () => void {
    const stage = new Stage(canvas, [this.picture.video, this.picture.cover], (view) => {
      this.view.value = view;
    });
    this.#stage = stage;
    this.#input = new StageInput(stage, this.hand);
    const stop = [
      effect(() => stage.setPicture(this.picture.size.value)),
      effect(() => {
        const frozenOn = this.#standsOn.value;
        stage.show(
          composeScene(this.consult, this.hand, this.visible.value, frozenOn, t("stage.drawnOnStale")),
        );
      }),
    ];
    return () => {
      for (const end of stop) end();
      this.#input?.close();
      stage.close();
      this.#stage = this.#input = null;
    };
  }

  get stage(): Stage | null {
    return this.#stage;
  }

  /** Something that a part of the page began and that ends with it. */
  endsWith(stop: () => void): void {
    this.#stopEffects.push(stop);
  }

  close(): void {
    this.beat.close();
    this.freeze.close();
    this.saving.close();
    for (const stop of this.#stopEffects) stop();
    this.watch.close();
    this.consult.close();
    this.picture.close();
  }

  /** A publisher that keeps no originals is seldom: what only such a freeze needs comes with the first one. */
  #followStranger(): () => void {
    const gone = new AbortController();
    let asked = false;
    const stop = effect(() => {
      const { freeze, streams } = this.consult.replica.value.state;
      const of = streams.find(({ stream }) => stream === freeze?.anchor.stream);
      if (of === undefined || of.stamped || asked) return;
      asked = true;
      import("./video-picture").then(
        ({ follow }) => follow(this.consult, this.picture, gone.signal),
        () => {
          asked = false;
        },
      );
    });
    return () => {
      stop();
      gone.abort();
    };
  }

  /** Which marks belong over what is shown now. */
  #showing(): Showing {
    const anchor = this.#standsOn.value;
    if (anchor !== null) return { over: "freeze", anchor };
    // Fading depends on time, and the tick is the page's time.
    void this.watch.tick.value;
    const { quickMarkSeconds } = this.consult.settings.value;
    return { over: "running", now: this.consult.relayNow(), quickMarkSeconds };
  }

  /** The frame that a mark made now belongs to. */
  ground(): Ground | null {
    if (this.hindrance.peek() !== null) return null;
    const frozen = this.beat.standsOn.peek() ?? this.freeze.anchor();
    if (frozen !== null) return { anchor: frozen, drawnOn: "freeze" };
    const anchor = this.#anchorOf(this.picture.frame.peek());
    if (anchor === null) return null;
    const silent = this.picture.silentMs(performance.now()) ?? 0;
    return { anchor, drawnOn: silent > STALE_AFTER_MS ? "stale" : "running" };
  }

  /** The newest own mark, which undo would take back. */
  lastOwn(): MarkState | null {
    return this.consult.marks.value.findLast((held) => this.isOwn(held)) ?? null;
  }

  isOwn({ author }: MarkState): boolean {
    return author.type === "person" && author.person === this.grant.person;
  }

  undo(): void {
    const last = this.lastOwn();
    if (last !== null) this.withdraw(last.mark.id);
  }

  withdraw(mark: AnnotationId): void {
    this.consult.withdraw(mark);
    if (this.hand.selected.peek() === mark) this.select(null);
  }

  select(mark: AnnotationId | null): void {
    this.hand.selected.value = mark;
  }

  /** One frame back or on: inside the loop while there is one, else everybody steps. */
  step(by: 1 | -1): void {
    if (this.beat.view.peek() === null) this.freeze.step(by);
    else this.beat.step(by);
  }

  /** Says why something cannot be done now. */
  explain(words: string | null): void {
    if (words !== null) this.explanation.value = { words };
  }

  /** Zooms around the keyboard's cursor, else around the middle. */
  zoomBy(factor: number): void {
    const stage = this.#stage;
    if (stage === null) return;
    const cursor = this.hand.cursor.peek();
    const middle = stagePoint(stage.size.width / 2, stage.size.height / 2);
    stage.zoom(cursor === null ? middle : stage.place(cursor), factor);
  }

  #anchorOf(frame: PaintedFrame | null): Anchor | null {
    const stream = this.consult.stream.peek();
    return frame === null || stream === null ? null : { type: "live", stream, rtpTime: frame.rtpTime };
  }

  #scenery(): Scenery {
    const still = this.picture.still.value;
    if (still !== null) {
      if (still.kind === "original") return "frozenOriginal";
      if (still.kind === "exact") return "frozen";
      if (still.kind === "coming") return "frozenComing";
      return still.kind === "near" ? "frozenNear" : "frozenMissing";
    }
    const { level } = this.watch.badge.value;
    if (level === "none") return "waiting";
    return level === "stopped" ? "stale" : "live";
  }

  #hindrance(): Hindrance {
    const linked = this.consult.me.value !== null;
    if (linked && !this.consult.rights.value.draw) return "noRight";
    if (this.picture.frame.value === null || this.consult.stream.value === null) return "noPicture";
    const still = this.picture.still.value;
    return still !== null && isOnItsWay(still) ? "stillMissing" : null;
  }

  /** Frames of one publisher must not pass for frames of another. */
  #followStream(): () => void {
    let before = this.consult.stream.peek();
    return effect(() => {
      const { value } = this.consult.stream;
      if (before !== null && value !== before) this.picture.forgetFrames();
      before = value;
    });
  }

  /** The rules come when there is something to measure or to read; what was begun goes with its frame. */
  #followMeasuring(): () => void {
    return effect(() => {
      const measured = this.consult.marks.value.some(({ mark }) => mark.shape.type === "measure");
      if (measured && this.measuring.isOn) this.measuring.load();
      const anchor = this.#standsOn.value;
      this.measuring.standsOn(anchor === null ? null : frameName(anchor));
    });
  }

  /** A relay that was away has lost our media session, or will notice only later. */
  #followLink(): () => void {
    let lost = false;
    return effect(() => {
      const { state } = this.consult.link.value;
      // Whoever took over, or nobody, watches now: this page must not hold a media session.
      if (state === "ended") this.picture.close();
      if (state === "lost") lost = true;
      if (state === "open" && lost) {
        lost = false;
        this.picture.relayReturned(performance.now());
      }
    });
  }
}
