// Everything that one page of a consult works with, wired together.
//
// Owns the consult, the picture, the watch, the hand and the stage, and the shared freeze: who may, what the page shows
// meanwhile, and what happens when it is refused. Made by the consult and bedside screens, one per visit of the page.
// Invariant: the freeze in force is the log's; the own, unconfirmed one only bridges the way to the relay and back.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { t } from "../i18n/i18n";
import { newId } from "../ids";
import type { Ground } from "../marks/drawing";
import { type Showing, unlessSame, visibleMarks } from "../marks/visible";
import { StageInput } from "../stage/input";
import { stagePoint } from "../stage/points";
import { Stage } from "../stage/stage";
import { type View, WHOLE } from "../stage/view";
import type { SessionGrant } from "../wire/http";
import type { AnnotationId, FreezeId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { Page } from "../wire/people";
import type { MarkState } from "../wire/socket";
import { Consult } from "./consult";
import { exposeDiagnostics } from "./diagnostics";
import { DrawingHand } from "./hand";
import { LivePicture } from "./picture";
import { STALE_AFTER_MS } from "./quality";
import { composeScene } from "./scene";
import { Watch } from "./watch";

/** What the stage's frame and words say. */
export type Scenery = "waiting" | "live" | "stale" | "frozen" | "frozenNear" | "frozenMissing";

/** Why drawing is not possible now. */
export type Hindrance = "noRight" | "noPicture" | "stillMissing" | null;

/** An own freeze that the relay has not confirmed by now is given up. */
const FREEZE_ANSWER_MS = 3_000;

export class Desk {
  readonly consult: Consult;
  readonly picture: LivePicture;
  readonly watch: Watch;
  readonly hand: DrawingHand;
  readonly view = signal<View>(WHOLE);
  readonly scenery: ReadonlySignal<Scenery>;
  readonly hindrance: ReadonlySignal<Hindrance>;
  /** The marks over the picture now; the same array as long as nothing of it changes. */
  readonly visible: ReadonlySignal<readonly MarkState[]>;
  /** The frozen frame that is really shown here. */
  readonly #standsOn: ReadonlySignal<Anchor | null>;
  /** Counts tries to draw where nothing may be drawn; the words of `hindrance` are said again at each. */
  readonly tried = signal(0);
  /** The own freeze on its way to the relay. */
  readonly #asked = signal<{ readonly freeze: FreezeId; readonly anchor: Anchor } | null>(null);
  #askedTimer: ReturnType<typeof setTimeout> | undefined;
  #stage: Stage | null = null;
  #input: StageInput | null = null;
  readonly #stopEffects: (() => void)[] = [];

  constructor(
    readonly grant: SessionGrant,
    page: Page,
  ) {
    this.picture = new LivePicture(grant.consult, grant.session);
    this.consult = new Consult(grant, page);
    this.watch = new Watch(this.picture, this.consult);
    this.hand = new DrawingHand({
      consult: this.consult,
      stage: () => this.#stage,
      ground: () => this.ground(),
      explain: () => {
        this.tried.value += 1;
      },
    });
    this.scenery = computed(() => this.#scenery());
    this.hindrance = computed(() => this.#hindrance());
    this.#standsOn = computed(() => {
      const still = this.picture.still.value;
      return still === null || still.kind === "missing" ? null : this.frozenOn();
    });
    let visible: readonly MarkState[] = [];
    this.visible = computed(() => {
      visible = unlessSame(visible, visibleMarks(this.consult.marks.value, this.#showing()));
      return visible;
    });
    this.picture.onFrame = (frame) => this.watch.painted(frame);
    this.consult.onFreezeRefused = (freeze) => this.#freezeRefused(freeze);
    this.#stopEffects.push(this.#followFreeze(), this.#followLink(), exposeDiagnostics(this));
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

  close(): void {
    clearTimeout(this.#askedTimer);
    for (const stop of this.#stopEffects) stop();
    this.watch.close();
    this.consult.close();
    this.picture.close();
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

  /** The frame that everybody stands on. */
  frozenOn(): Anchor | null {
    return this.consult.replica.value.state.freeze?.anchor ?? this.#asked.value?.anchor ?? null;
  }

  /** The frame that a mark made now belongs to. */
  ground(): Ground | null {
    if (this.hindrance.peek() !== null) return null;
    const frozen = this.frozenOn();
    if (frozen !== null) return { anchor: frozen, drawnOn: "freeze" };
    const anchor = this.#frameUnderTheEyes();
    if (anchor === null) return null;
    const silent = this.picture.silentMs(performance.now()) ?? 0;
    return { anchor, drawnOn: silent > STALE_AFTER_MS ? "stale" : "running" };
  }

  /** Whether this page may end the freeze in force. */
  mayRelease(): boolean {
    const freeze = this.consult.replica.value.state.freeze;
    if (freeze === null) return false;
    const { author } = freeze;
    const rights = this.consult.rights.value;
    if (author.type !== "person" || author.person === this.grant.person) return true;
    // Whoever froze and left cannot release: then anybody who may freeze can.
    const away = !this.consult.people.value.some((person) => person.session === author.session);
    return rights.releaseAny || (away && rights.freeze);
  }

  /** Freezes everybody on the frame under the eyes, or lets the picture run again. */
  toggleFreeze(): void {
    const freeze = this.consult.replica.peek().state.freeze;
    if (freeze !== null) {
      if (this.mayRelease()) this.consult.release(freeze.freeze);
      return;
    }
    const anchor = this.#frameUnderTheEyes();
    if (anchor === null || this.#asked.peek() !== null || !this.consult.rights.peek().freeze) return;
    const id = newId<FreezeId>();
    if (!this.consult.freeze(id, anchor)) return;
    this.#asked.value = { freeze: id, anchor };
    this.#askedTimer = setTimeout(() => this.#freezeRefused(id), FREEZE_ANSWER_MS);
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

  /** Zooms around the keyboard's cursor, else around the middle. */
  zoomBy(factor: number): void {
    const stage = this.#stage;
    if (stage === null) return;
    const cursor = this.hand.cursor.peek();
    const middle = stagePoint(stage.size.width / 2, stage.size.height / 2);
    stage.zoom(cursor === null ? middle : stage.place(cursor), factor);
  }

  #frameUnderTheEyes(): Anchor | null {
    const frame = this.picture.frame.peek();
    const stream = this.consult.stream.peek();
    return frame === null || stream === null ? null : { type: "live", stream, rtpTime: frame.rtpTime };
  }

  #scenery(): Scenery {
    const still = this.picture.still.value;
    if (still !== null) {
      if (still.kind === "exact") return "frozen";
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
    return this.picture.still.value?.kind === "missing" ? "stillMissing" : null;
  }

  #followFreeze(): () => void {
    return effect(() => {
      const inForce = this.consult.replica.value.state.freeze;
      if (inForce !== null && this.#asked.value !== null) this.#askAnswered();
      const anchor = this.frozenOn();
      if (anchor === null) this.picture.release();
      else this.picture.freeze(anchor.rtpTime);
    });
  }

  /** A relay that was away has lost our media session, or will notice only later. */
  #followLink(): () => void {
    let lost = false;
    return effect(() => {
      const { state } = this.consult.link.value;
      if (state === "lost") lost = true;
      if (state === "open" && lost) {
        lost = false;
        this.picture.relayReturned(performance.now());
      }
    });
  }

  #freezeRefused(freeze: FreezeId): void {
    if (this.#asked.peek()?.freeze === freeze) this.#askAnswered();
  }

  #askAnswered(): void {
    clearTimeout(this.#askedTimer);
    this.#asked.value = null;
  }
}
