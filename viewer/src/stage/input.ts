// What fingers, pens and mice do on the stage.
//
// Owns telling a drawing touch from a moving one: pinch and wheel zoom, middle button and second finger pan, and palm
// rejection (once a pen was seen, touch pans and only the pen draws). It knows no tools and no marks: it reports
// presses, drags and lifts in stage pixels. Called by the screens through a `Hand`.
// Invariant: every press is followed by exactly one lift or one cancel.

import { distance, type StagePoint, stagePoint } from "./points";
import type { Stage } from "./stage";

/** Who listens. */
export type Hand = {
  press(at: StagePoint): void;
  /** All samples since the last one: a pencil gives several between two frames. */
  drag(at: readonly StagePoint[]): void;
  lift(at: StagePoint, tap: boolean): void;
  cancel(): void;
  /** A mouse or pen over the stage without touching; null when it left. */
  hover(at: StagePoint | null): void;
};

/** A touch that moves less than this and is short is a tap. */
const TAP_PX = 8;
const TAP_MS = 400;
/** A second finger within this time means that both were a pinch; later it is a palm beside a drawing finger. */
const PINCH_WITHIN_MS = 250;
/** Zoom per wheel pixel: about 20 % for a notch. */
const WHEEL_RATE = 0.0018;
/** Firefox reports wheels in lines. */
const WHEEL_LINE_PX = 16;

type Contact = { readonly pointer: number; from: StagePoint; at: StagePoint; readonly since: number };

export class StageInput {
  /** The contact that draws or points. */
  #drawing: Contact | null = null;
  /** Contacts that move the view. */
  #moving = new Map<number, Contact>();
  #penSeen = false;
  readonly #abort = new AbortController();

  constructor(
    readonly stage: Stage,
    readonly hand: Hand,
  ) {
    const { canvas } = stage;
    const { signal } = this.#abort;
    canvas.addEventListener("pointerdown", this.#down, { signal });
    canvas.addEventListener("pointermove", this.#move, { signal });
    canvas.addEventListener("pointerup", this.#up, { signal });
    canvas.addEventListener("pointercancel", this.#cancel, { signal });
    canvas.addEventListener("pointerleave", this.#leave, { signal });
    canvas.addEventListener("wheel", this.#wheel, { signal, passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    // Safari selects text and shows its loupe from a pen otherwise.
    canvas.addEventListener("touchstart", (event) => event.preventDefault(), { signal, passive: false });
  }

  close(): void {
    this.#abort.abort();
  }

  readonly #down = (event: PointerEvent): void => {
    const at = this.#at(event);
    const contact = { pointer: event.pointerId, from: at, at, since: event.timeStamp };
    if (event.pointerType === "pen") this.#penSeen = true;
    try {
      this.stage.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; its lift will not come, and neither will anything else of it.
      return;
    }
    if (this.#moves(event)) {
      this.#beginMove(contact);
    } else if (this.#drawing === null && event.button === 0) {
      this.#drawing = contact;
      this.hand.press(at);
    }
  };

  /** Whether this contact moves the view instead of using the tool. */
  #moves(event: PointerEvent): boolean {
    if (event.pointerType === "mouse") return event.button === 1;
    if (event.pointerType !== "touch") return false;
    return this.#penSeen || this.#drawing !== null || this.#moving.size > 0;
  }

  #beginMove(contact: Contact): void {
    const drawing = this.#drawing;
    if (drawing !== null) {
      if (contact.since - drawing.since > PINCH_WITHIN_MS) return;
      // The first finger was the beginning of a pinch.
      this.#drawing = null;
      this.hand.cancel();
      this.#moving.set(drawing.pointer, drawing);
    }
    this.#moving.set(contact.pointer, contact);
  }

  readonly #move = (event: PointerEvent): void => {
    const at = this.#at(event);
    if (this.#drawing?.pointer === event.pointerId) {
      const samples = event.getCoalescedEvents?.() ?? [];
      this.#drawing.at = at;
      this.hand.drag(samples.length > 0 ? samples.map((sample) => this.#at(sample)) : [at]);
    } else if (this.#moving.has(event.pointerId)) {
      this.#moveView(event.pointerId, at);
    } else if (event.pointerType !== "touch") {
      this.hand.hover(at);
    }
  };

  #moveView(pointer: number, to: StagePoint): void {
    const contact = this.#moving.get(pointer);
    if (contact === undefined) return;
    const other = [...this.#moving.values()].find((candidate) => candidate !== contact);
    if (other === undefined) {
      this.stage.pan(to.x - contact.at.x, to.y - contact.at.y);
    } else {
      const before = middle(contact.at, other.at);
      const after = middle(to, other.at);
      this.stage.pan(after.x - before.x, after.y - before.y);
      const apart = distance(contact.at, other.at);
      if (apart > 0) this.stage.zoom(after, distance(to, other.at) / apart);
    }
    contact.at = to;
  }

  readonly #up = (event: PointerEvent): void => {
    this.#moving.delete(event.pointerId);
    const drawing = this.#drawing;
    if (drawing?.pointer !== event.pointerId) return;
    this.#drawing = null;
    const at = this.#at(event);
    const tap = distance(drawing.from, at) < TAP_PX && event.timeStamp - drawing.since < TAP_MS;
    this.hand.lift(at, tap);
  };

  readonly #cancel = (event: PointerEvent): void => {
    this.#moving.delete(event.pointerId);
    if (this.#drawing?.pointer !== event.pointerId) return;
    this.#drawing = null;
    this.hand.cancel();
  };

  readonly #leave = (event: PointerEvent): void => {
    if (event.pointerType !== "touch" && this.#drawing === null) this.hand.hover(null);
  };

  readonly #wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const pixels =
      event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * WHEEL_LINE_PX : event.deltaY;
    // A pinch on a trackpad comes as a wheel with ctrl and small steps.
    const rate = event.ctrlKey ? WHEEL_RATE * 5 : WHEEL_RATE;
    this.stage.zoom(this.#at(event), Math.exp(-pixels * rate));
  };

  #at(event: MouseEvent): StagePoint {
    const box = this.stage.canvas.getBoundingClientRect();
    return stagePoint(event.clientX - box.left, event.clientY - box.top);
  }
}

function middle(a: StagePoint, b: StagePoint): StagePoint {
  return stagePoint((a.x + b.x) / 2, (a.y + b.y) / 2);
}
