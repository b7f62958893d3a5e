import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Ground } from "../marks/drawing";
import { shortcuts } from "../settings";
import { type PicturePoint, stagePoint } from "../stage/points";
import type { StreamId } from "../wire/ids";
import type { Annotation, Pen } from "../wire/mark";
import type { RtpTime } from "../wire/units";
import type { Desk, Hindrance } from "./desk";
import { DrawingHand, type HandHost } from "./hand";

// The dictionaries ask for the page's language when they are loaded, and write it into the page.
vi.stubGlobal("document", { documentElement: { lang: "" } });
vi.stubGlobal("navigator", { language: "ja-JP" });
const { listenToKeys } = await import("./keys");

/** As much of an element as the keys ask for. */
class FakeElement {
  readonly isContentEditable = false;
  constructor(readonly kind: "canvas" | "input" | "button" | "body") {}
  matches(selector: string): boolean {
    return this.kind === "input" && selector.startsWith("input");
  }
  closest(selector: string): FakeElement | null {
    return selector.includes(this.kind) ? this : null;
  }
}

const GROUND: Ground = {
  anchor: { type: "live", stream: "s" as StreamId, rtpTime: 7 as RtpTime },
  drawnOn: "running",
};
const BODY = new FakeElement("body");

/** A desk with a real hand: what keys do to it is what a person gets. */
function deskWithKeys() {
  const canvas = new FakeElement("canvas");
  const marks: Annotation[] = [];
  const pointed: (PicturePoint | null)[] = [];
  const acts: string[] = [];
  const note = (act: string) => () => {
    acts.push(act);
  };
  const hindrance = signal<Hindrance>(null);
  const stage = {
    canvas,
    picture: { width: 800, height: 600 },
    place: (at: PicturePoint) => stagePoint(at.x * 800, at.y * 600),
    reveal: () => undefined,
    markUnder: () => null,
    pan: (dx: number, dy: number) => acts.push(`pan ${dx} ${dy}`),
    whole: note("whole"),
  };
  const measuring = { draft: signal(null), drop: () => undefined, cancelPress: () => undefined };
  const consult = {
    rights: signal({ point: true, draw: true, freeze: true, save: true }),
    link: signal({ state: "open" }),
    replica: signal({ state: { freeze: null } }),
    me: signal({ role: "cardiologist" }),
    flow: signal({ source: {} }),
    presence: {
      sketch: () => undefined,
      lifted: () => undefined,
      point: ({ at }: { at: PicturePoint | null }) => pointed.push(at),
    },
    mark: (mark: Annotation) => marks.push(mark),
  };
  const hand = new DrawingHand({
    consult,
    measuring,
    stage: () => stage,
    ground: () => GROUND,
    begins: () => undefined,
    explain: note("explained"),
  } as unknown as HandHost);
  const desk = {
    consult,
    hand,
    measuring,
    stage,
    hindrance,
    grant: { role: "observer" },
    freeze: { toggle: note("freeze") },
    beat: { view: signal(null), toggle: note("beat") },
    saving: { press: note("save") },
    lastOwn: () => ({}),
    undo: note("undo"),
    explain: note("explained"),
    zoomBy: (factor: number) => acts.push(factor > 1 ? "in" : "out"),
  } as unknown as Desk;
  const stop = listenToKeys(desk, note("help"), note("measure"));
  return { canvas, marks, pointed, acts, hindrance, hand, stop };
}

let listener: ((event: unknown) => void) | null = null;

/** Presses a key; true when it was taken from the browser. */
function press(key: string, at: FakeElement, more: Partial<KeyboardEvent> = {}): boolean {
  let prevented = false;
  listener?.({
    key,
    target: at,
    ctrlKey: false,
    shiftKey: false,
    altKey: false,
    metaKey: false,
    repeat: false,
    isComposing: false,
    defaultPrevented: false,
    ...more,
    preventDefault: () => {
      prevented = true;
    },
  });
  return prevented;
}

beforeEach(() => {
  vi.stubGlobal("HTMLElement", FakeElement);
  vi.stubGlobal("addEventListener", (kind: string, heard: (event: unknown) => void) => {
    if (kind === "keydown") listener = heard;
  });
  vi.stubGlobal("removeEventListener", (kind: string) => {
    if (kind === "keydown") listener = null;
  });
});
afterEach(() => {
  listener = null;
  shortcuts.value = true;
  vi.unstubAllGlobals();
});

test("V, P, A and L take the tools, 1 to 4 the pens, wherever the focus is", () => {
  const { hand } = deskWithKeys();
  for (const [key, tool] of [
    ["p", "pen"],
    ["a", "arrow"],
    ["l", "label"],
    ["v", "pointer"],
    ["P", "pen"],
  ] as const) {
    expect(press(key, BODY), key).toBe(true);
    expect(hand.tool.value, key).toBe(tool);
  }
  const pens: Pen[] = ["white", "green", "orange", "violet"];
  for (const [at, pen] of [...pens.entries()].reverse()) {
    expect(press(String(at + 1), BODY)).toBe(true);
    expect(hand.pen.value).toBe(pen);
  }
  expect(press("5", BODY), "there is no fifth pen").toBe(false);
});

test("whoever points and takes a pen wants to draw", () => {
  const { hand } = deskWithKeys();
  press("2", BODY);
  expect([hand.tool.value, hand.pen.value]).toEqual(["pen", "green"]);
});

test("Z takes back, + ; - 0 zoom, ? opens the list of keys, F S B M do what their buttons do", () => {
  const { acts } = deskWithKeys();
  for (const key of ["z", "+", ";", "-", "0", "?", "f", "s", "m"]) expect(press(key, BODY), key).toBe(true);
  expect(acts).toEqual(["undo", "in", "in", "out", "whole", "help", "freeze", "save", "measure"]);
});

test("a stroke is drawn with arrows and Enter alone, from where the cursor was to where it went", () => {
  const { canvas, hand, marks } = deskWithKeys();
  press("3", BODY);
  expect(press("ArrowLeft", canvas)).toBe(true);
  expect(press("Enter", canvas)).toBe(true);
  for (let n = 0; n < 10; n += 1) press("ArrowRight", canvas);
  press("ArrowDown", canvas, { ctrlKey: true });
  expect(marks, "it is not done yet").toEqual([]);
  press("Enter", canvas, { repeat: true });
  expect(marks, "a key that is held does not end it").toEqual([]);
  press("Enter", canvas);
  expect(marks).toHaveLength(1);
  const [mark] = marks;
  expect(mark).toMatchObject({ anchor: GROUND.anchor, drawnOn: "running", pen: "orange" });
  const points = mark?.shape.type === "stroke" ? mark.shape.points : [];
  expect(points[0]).toEqual({ x: 0.49, y: 0.5 });
  expect(points.at(-1)).toEqual({ x: 0.59, y: 0.502 });
  expect(hand.drawing.value).toBeNull();
});

test("an arrow too; with the pointer the cursor points, and with Shift the arrows move the view", () => {
  const { canvas, acts, marks, pointed } = deskWithKeys();
  press("ArrowUp", canvas);
  expect(pointed.at(-1)).toEqual({ x: 0.5, y: 0.49 });
  press("a", canvas);
  press("Enter", canvas);
  for (let n = 0; n < 5; n += 1) press("ArrowUp", canvas);
  press("Enter", canvas);
  expect(marks[0]?.shape).toEqual({ type: "arrow", from: { x: 0.5, y: 0.49 }, to: { x: 0.5, y: 0.44 } });
  press("ArrowRight", canvas, { shiftKey: true });
  expect(acts).toEqual(["pan -48 0"]);
});

test("Enter with the label tool asks for the words at the cursor", () => {
  const { canvas, hand, marks } = deskWithKeys();
  press("l", canvas);
  press("Enter", canvas);
  expect(hand.labelDraft.value?.at).toEqual({ x: 0.5, y: 0.5 });
  hand.writeLabel(" 中隔 ");
  expect(marks[0]?.shape).toEqual({ type: "label", at: { x: 0.5, y: 0.5 }, text: "中隔" });
});

test("Escape gives up what was begun, and is the browser's when there is nothing to give up", () => {
  const { canvas, hand, marks } = deskWithKeys();
  expect(press("Escape", BODY)).toBe(false);
  press("p", canvas);
  press("Enter", canvas);
  press("ArrowRight", canvas);
  expect(press("Escape", canvas)).toBe(true);
  expect([hand.drawing.value, hand.cursor.value]).toEqual([null, null]);
  press("Enter", canvas);
  press("Escape", canvas);
  expect(marks).toEqual([]);
});

test("letters and arrows are left to who is typing, and arrows to what is not the stage", () => {
  const { hand, acts } = deskWithKeys();
  const field = new FakeElement("input");
  for (const key of ["p", "z", "1", "ArrowLeft"]) expect(press(key, field), key).toBe(false);
  for (const key of ["ArrowLeft", "Enter"]) expect(press(key, BODY), key).toBe(false);
  expect(press("p", BODY, { isComposing: true })).toBe(false);
  expect(press("p", BODY, { ctrlKey: true })).toBe(false);
  expect([hand.tool.value, acts]).toEqual(["pointer", []]);
});

test("letters can be switched off; arrows, Enter and Escape stay", () => {
  const { canvas, hand } = deskWithKeys();
  shortcuts.value = false;
  expect(press("p", BODY)).toBe(false);
  expect(hand.tool.value).toBe("pointer");
  expect(press("ArrowLeft", canvas)).toBe(true);
  expect(press("Escape", canvas)).toBe(true);
});

test("where nothing may be drawn a tool's key says why and takes nothing", () => {
  const { acts, hand, hindrance } = deskWithKeys();
  hindrance.value = "noRight";
  for (const key of ["p", "a", "l", "2"]) expect(press(key, BODY), key).toBe(true);
  expect(acts).toEqual(["explained", "explained", "explained", "explained"]);
  expect(hand.tool.value).toBe("pointer");
  press("v", BODY);
  expect(acts).toHaveLength(4);
});

test("who stops listening hears no key", () => {
  const { stop } = deskWithKeys();
  stop();
  expect(listener).toBeNull();
});
