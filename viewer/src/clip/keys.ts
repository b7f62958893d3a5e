// The keyboard of a player while the focus is in it.
//
// Letters follow the person's setting as everywhere. Called by `parts/replay.tsx`. Invariant: a key that did something here
// does nothing to the running picture beside it.

import { shortcuts } from "../settings";
import { stagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";
import { ZOOM_STEP } from "../stage/view";
import type { ClipMeasuring } from "./measuring";
import type { ClipPlayer } from "./player";

const PAN_PX = 48;
const PANS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * Handles a key; the event is used up when it did something. `driver` plays and stops: the player itself, or the one that it
 * follows.
 */
export function pressKey(
  event: KeyboardEvent,
  player: ClipPlayer,
  stage: Stage | null,
  driver: ClipPlayer = player,
  measuring: ClipMeasuring | null = null,
): void {
  const { target } = event;
  // The pane that has the focus was first.
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || target instanceof HTMLSelectElement) return;
  const onControl = target instanceof HTMLElement && target.matches("button, a");
  const onPicture = stage !== null && target === stage.canvas;
  if (onPicture && (panKey(event, stage) || measureKey(event, stage, measuring))) event.preventDefault();
  else if (event.key === " " && !onControl) use(event, () => driver.toggle());
  else if (shortcuts.peek()) letterKey(event, player, stage);
}

function panKey({ key, shiftKey }: KeyboardEvent, stage: Stage): boolean {
  const pan = PANS[key];
  if (pan === undefined || !shiftKey) return false;
  stage.pan(pan[0] * PAN_PX, pan[1] * PAN_PX);
  return true;
}

/** Arrows move the point in hand by a pixel, held down by ten; Enter sets one in the middle, or takes what is complete. */
function measureKey(event: KeyboardEvent, stage: Stage, measuring: ClipMeasuring | null): boolean {
  if (measuring === null || !measuring.inHand.peek()) return false;
  const { hand } = measuring;
  const move = PANS[event.key];
  if (move !== undefined && hand.draft.peek() !== null) {
    const pixels = event.repeat ? 10 : 1;
    hand.nudge(-move[0] * pixels, -move[1] * pixels);
  } else if (event.key === "Enter" && !event.repeat) {
    hand.enter(stage.under(stagePoint(stage.size.width / 2, stage.size.height / 2)));
  } else if (event.key === "Escape") {
    if (hand.draft.peek() === null) measuring.toggle();
    else hand.drop();
  } else return false;
  return true;
}

function letterKey(event: KeyboardEvent, player: ClipPlayer, stage: Stage | null): void {
  const key = event.key.toLowerCase();
  if (key === ",") use(event, () => player.step(-1));
  else if (key === ".") use(event, () => player.step(1));
  else if (event.repeat) return;
  else if (key === "home") use(event, () => player.seek(0));
  else if (key === "i") use(event, () => player.setIn());
  else if (key === "o") use(event, () => player.setOut());
  else if (key === "+" || key === ";") use(event, () => zoom(stage, ZOOM_STEP));
  else if (key === "-") use(event, () => zoom(stage, 1 / ZOOM_STEP));
  else if (key === "0") use(event, () => stage?.whole());
}

export function zoom(stage: Stage | null, factor: number): void {
  stage?.zoom(stagePoint(stage.size.width / 2, stage.size.height / 2), factor);
}

function use(event: KeyboardEvent, act: () => void): void {
  event.preventDefault();
  act();
}
