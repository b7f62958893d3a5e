// The keyboard of a consult: every tool, pen, zoom and mark without a pointer.
//
// Letters act anywhere on the page except in text fields, and can be switched off; arrows and Enter act while the stage
// has the focus. Called by the screens. Invariant: a key that did something is not also handled by the browser.

import { shortcuts } from "../settings";
import { PENS } from "../stage/pens";
import { ZOOM_STEP } from "../stage/view";
import type { Desk } from "./desk";
import type { Tool } from "./hand";
import { whyNotBeat, whyNotDraw, whyNotFreeze, whyNotSave, whyNotStep, whyNotUndo } from "./why";

/** One press moves the cursor by 1 % of the picture, with Ctrl by a fifth of that: about a pixel. */
const STEP = 0.01;
const FINE_STEP = 0.002;
const PAN_PX = 48;

const TOOL_KEYS: Readonly<Record<string, Tool>> = { v: "pointer", p: "pen", a: "arrow", l: "label" };
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Listens until the returned function is called. */
export function listenToKeys(
  desk: Desk,
  toggleHelp: () => void,
  toggleMeasure: () => void = () => undefined,
): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
    if (stageKey(desk, event) || letterKey(desk, event, toggleHelp, toggleMeasure)) event.preventDefault();
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

/** Keys that act on the stage itself. True if the key did something. */
function stageKey(desk: Desk, event: KeyboardEvent): boolean {
  if (event.key === "Escape") return desk.hand.giveUp();
  if (event.target !== desk.stage?.canvas || event.altKey || event.metaKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow !== undefined) {
    const [dx, dy] = arrow;
    const step = event.ctrlKey ? FINE_STEP : STEP;
    if (event.shiftKey) desk.stage.pan(-dx * PAN_PX, -dy * PAN_PX);
    else if (movesPoint(desk)) desk.measuring.nudge(dx, dy);
    else desk.hand.moveCursor(dx * step, dy * step);
    return true;
  }
  if (event.key !== "Enter" || event.repeat) return false;
  desk.hand.pressCursor();
  return true;
}

/** All points are set: from then on the arrows move the active one, a pixel at a time. */
function movesPoint(desk: Desk): boolean {
  return (
    desk.hand.tool.peek() === "measure" && desk.measuring.draft.peek() !== null && desk.measuring.isFull()
  );
}

function letterKey(
  desk: Desk,
  event: KeyboardEvent,
  toggleHelp: () => void,
  toggleMeasure: () => void,
): boolean {
  if (!shortcuts.peek() || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
  const key = event.key.toLowerCase();
  const tool = TOOL_KEYS[key];
  const pen = PENS[Number(key) - 1];
  const whyNot = whyNotDraw(desk);
  if (tool !== undefined) {
    if (tool === "pointer" || whyNot === null) desk.hand.choose(tool);
    else desk.explain(whyNot);
  } else if (pen !== undefined) {
    if (whyNot === null) desk.hand.choosePen(pen);
    else desk.explain(whyNot);
  } else if (key === "m") toggleMeasure();
  else if (key === "f") unless(whyNotFreeze(desk), desk, () => desk.freeze.toggle());
  else if (key === ",") unless(whyNotStep(desk), desk, () => desk.step(-1));
  else if (key === ".") unless(whyNotStep(desk), desk, () => desk.step(1));
  else if (key === "b") unless(whyNotBeat(desk), desk, () => desk.beat.toggle());
  else if (key === " " && desk.beat.view.peek() !== null && !isButton(event.target)) desk.beat.playOrPause();
  else if (key === "s") unless(whyNotSave(desk), desk, () => desk.saving.press());
  else if (key === "z") unless(whyNotUndo(desk), desk, () => desk.undo());
  else if (key === "+" || key === ";") desk.zoomBy(ZOOM_STEP);
  else if (key === "-") desk.zoomBy(1 / ZOOM_STEP);
  else if (key === "0") desk.stage?.whole();
  else if (key === "?") toggleHelp();
  else return false;
  return true;
}

function unless(why: string | null, desk: Desk, act: () => void): void {
  if (why === null) act();
  else desk.explain(why);
}

/** Its own key presses it. */
function isButton(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, input") !== null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea, select") ||
      target.isContentEditable)
  );
}
