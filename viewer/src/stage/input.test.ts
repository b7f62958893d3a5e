import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Hand, StageInput } from "./input";
import { type StagePoint, stagePoint } from "./points";
import type { Stage } from "./stage";
import { letterbox, panBy, toPicture, type View, WHOLE, zoomAt } from "./view";

const SIZE = { width: 1000, height: 500 };
const BOX = letterbox(SIZE, { width: 800, height: 400 });
/** Where the canvas lies in the window: events count from the window's corner, the stage from its own. */
const [LEFT, TOP] = [20, 40];

/** A canvas that only hears. */
class FakeCanvas extends EventTarget {
  getBoundingClientRect() {
    return { left: LEFT, top: TOP };
  }
  setPointerCapture(): void {
    // Nothing leaves this canvas.
  }
}

/** A stage with a real view, and what the hand was told. */
function stageWithHand() {
  const canvas = new FakeCanvas();
  let view: View = WHOLE;
  const stage = {
    canvas,
    zoom: (at: StagePoint, factor: number) => {
      view = zoomAt(view, at, factor, SIZE);
    },
    pan: (dx: number, dy: number) => {
      view = panBy(view, dx, dy, SIZE);
    },
  };
  const told: string[] = [];
  const words = ({ x, y }: StagePoint) => `${x},${y}`;
  const hand: Hand = {
    press: (at) => told.push(`press ${words(at)}`),
    drag: (at) => told.push(`drag ${at.map(words).join(" ")}`),
    lift: (at, tap) => told.push(`${tap ? "tap" : "lift"} ${words(at)}`),
    cancel: () => told.push("cancel"),
    hover: (at) => told.push(at === null ? "left" : `hover ${words(at)}`),
  };
  const input = new StageInput(stage as unknown as Stage, hand);
  return { canvas, told, input, view: () => view, under: (at: StagePoint) => toPicture(at, BOX, view) };
}

type Pointer = { id?: number; at: readonly [number, number]; ms?: number; button?: number };

/** A finger, pen or mouse at a place of the stage. */
function send(canvas: FakeCanvas, kind: string, pointerType: string, { id, at, ms, button }: Pointer): void {
  const event = new Event(kind, { cancelable: true });
  const more = {
    pointerId: id ?? 1,
    pointerType,
    button: button ?? 0,
    clientX: at[0] + LEFT,
    clientY: at[1] + TOP,
  };
  Object.assign(event, more);
  Object.defineProperty(event, "timeStamp", { value: ms ?? 0 });
  canvas.dispatchEvent(event);
}

function wheel(canvas: FakeCanvas, at: readonly [number, number], deltaY: number, more = {}): Event {
  const event = new Event("wheel", { cancelable: true });
  Object.assign(event, { clientX: at[0] + LEFT, clientY: at[1] + TOP, deltaY, deltaMode: 0, ctrlKey: false });
  Object.assign(event, more);
  canvas.dispatchEvent(event);
  return event;
}

beforeEach(() => {
  vi.stubGlobal("WheelEvent", { DOM_DELTA_LINE: 1 });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("the wheel zooms around the place under it, and the page does not scroll", () => {
  const { canvas, view, under } = stageWithHand();
  const at = stagePoint(300, 200);
  const before = under(at);
  const event = wheel(canvas, [300, 200], -100);
  expect(event.defaultPrevented).toBe(true);
  expect(view().zoom).toBeCloseTo(1.2, 2);
  expect(under(at)).toEqual(before);
  wheel(canvas, [300, 200], 100);
  expect(view()).toEqual(WHOLE);
});

test("a wheel in lines and a pinch on a trackpad zoom by a hand's measure too", () => {
  const { canvas, view } = stageWithHand();
  wheel(canvas, [500, 250], -6.25, { deltaMode: 1 });
  expect(view().zoom).toBeCloseTo(1.2, 2);
  wheel(canvas, [500, 250], -20, { ctrlKey: true });
  expect(view().zoom).toBeCloseTo(1.2 * 1.2, 1);
});

test("one finger draws: press, drag and lift with all samples in between", () => {
  const { canvas, told } = stageWithHand();
  send(canvas, "pointerdown", "touch", { at: [100, 100] });
  send(canvas, "pointermove", "touch", { at: [120, 110] });
  const move = new Event("pointermove");
  const sample = (x: number) => ({ clientX: x + LEFT, clientY: 110 + TOP });
  Object.assign(move, { pointerId: 1, pointerType: "touch", ...sample(140) });
  Object.assign(move, { getCoalescedEvents: () => [sample(130), sample(140)] });
  canvas.dispatchEvent(move);
  send(canvas, "pointerup", "touch", { at: [140, 110], ms: 300 });
  expect(told).toEqual(["press 100,100", "drag 120,110", "drag 130,110 140,110", "lift 140,110"]);
});

test("two fingers at once pinch and pan, and what the first began is given up", () => {
  const { canvas, told, view, under } = stageWithHand();
  wheel(canvas, [500, 250], -385);
  const before = view().zoom;
  send(canvas, "pointerdown", "touch", { id: 1, at: [400, 250] });
  send(canvas, "pointerdown", "touch", { id: 2, at: [600, 250], ms: 100 });
  expect(told).toEqual(["press 400,250", "cancel"]);
  const middle = under(stagePoint(500, 250));
  send(canvas, "pointermove", "touch", { id: 1, at: [300, 250], ms: 120 });
  send(canvas, "pointermove", "touch", { id: 2, at: [700, 250], ms: 140 });
  expect(view().zoom / before).toBeCloseTo(2, 6);
  expect(under(stagePoint(500, 250)).x).toBeCloseTo(middle.x, 3);
  const zoomed = view();
  send(canvas, "pointermove", "touch", { id: 1, at: [340, 250], ms: 160 });
  send(canvas, "pointermove", "touch", { id: 2, at: [740, 250], ms: 180 });
  expect(view().panX - zoomed.panX, "both went 40 px to the right").toBeCloseTo(40, 3);
  send(canvas, "pointerup", "touch", { id: 1, at: [340, 250], ms: 200 });
  send(canvas, "pointerup", "touch", { id: 2, at: [740, 250], ms: 210 });
  expect(told, "a pinch draws nothing").toHaveLength(2);
});

test("a second touch that comes late is a palm: the stroke goes on and the view stays", () => {
  const { canvas, told, view } = stageWithHand();
  send(canvas, "pointerdown", "touch", { id: 1, at: [400, 250] });
  send(canvas, "pointerdown", "touch", { id: 2, at: [700, 450], ms: 600 });
  send(canvas, "pointermove", "touch", { id: 2, at: [720, 450], ms: 620 });
  send(canvas, "pointermove", "touch", { id: 1, at: [420, 250], ms: 640 });
  send(canvas, "pointerup", "touch", { id: 1, at: [420, 250], ms: 660 });
  expect(told).toEqual(["press 400,250", "drag 420,250", "lift 420,250"]);
  expect(view()).toEqual(WHOLE);
});

test("once a pen was seen, fingers only move the picture and the pen draws", () => {
  const { canvas, told, view } = stageWithHand();
  send(canvas, "pointerdown", "touch", { at: [100, 100] });
  send(canvas, "pointerup", "touch", { at: [100, 100], ms: 50 });
  expect(told, "until then a finger draws").toEqual(["press 100,100", "tap 100,100"]);
  send(canvas, "pointerdown", "pen", { id: 5, at: [200, 200] });
  send(canvas, "pointerup", "pen", { id: 5, at: [260, 200], ms: 500 });
  wheel(canvas, [500, 250], -400);
  const zoomed = view();
  send(canvas, "pointerdown", "touch", { id: 6, at: [500, 250] });
  send(canvas, "pointermove", "touch", { id: 6, at: [530, 235], ms: 20 });
  send(canvas, "pointerup", "touch", { id: 6, at: [530, 235], ms: 40 });
  expect([view().panX - zoomed.panX, view().panY - zoomed.panY]).toEqual([30, -15]);
  send(canvas, "pointerdown", "pen", { id: 5, at: [300, 200], ms: 1_000 });
  expect(told.slice(2)).toEqual(["press 200,200", "lift 260,200", "press 300,200"]);
});

test("a mouse draws with its main button, moves the picture with the middle one, and points by hovering", () => {
  const { canvas, told, view } = stageWithHand();
  wheel(canvas, [500, 250], -400);
  const zoomed = view();
  send(canvas, "pointermove", "mouse", { at: [10, 10] });
  send(canvas, "pointerdown", "mouse", { at: [500, 250], button: 1 });
  send(canvas, "pointermove", "mouse", { at: [490, 250] });
  send(canvas, "pointerup", "mouse", { at: [490, 250], button: 1 });
  expect(view().panX - zoomed.panX).toBeCloseTo(-10, 6);
  send(canvas, "pointerdown", "mouse", { at: [500, 250], button: 2 });
  send(canvas, "pointerleave", "mouse", { at: [0, 0] });
  expect(told).toEqual(["hover 10,10", "left"]);
});

test("a touch that the system takes away is cancelled once, and nothing more is said of it", () => {
  const { canvas, told, input } = stageWithHand();
  send(canvas, "pointerdown", "touch", { at: [100, 100] });
  send(canvas, "pointercancel", "touch", { at: [100, 100] });
  send(canvas, "pointerup", "touch", { at: [100, 100] });
  expect(told).toEqual(["press 100,100", "cancel"]);
  input.close();
  send(canvas, "pointerdown", "touch", { at: [100, 100] });
  expect(told).toHaveLength(2);
});
