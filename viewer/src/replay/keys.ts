// The keyboard of the replay of a consult.
//
// Letters follow the person's setting as everywhere. Called by `parts/consult-replay.tsx`. Invariant: keys that belong to a field
// or a button stay theirs.

import { zoom } from "../clip/keys";
import { shortcuts } from "../settings";
import type { Stage } from "../stage/stage";
import { ZOOM_STEP } from "../stage/view";
import { SPEEDS } from "./clock";
import type { ConsultPlayer } from "./player";

/** One press of an arrow. */
const STEP_US = 5_000_000;

export function pressKey(event: KeyboardEvent, player: ConsultPlayer, stage: Stage | null): void {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isOfControl(event)) return;
  if (act(event, player, stage)) event.preventDefault();
}

/** It is typed into a field, or presses what has the focus. */
export function isOfControl({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, button, a, summary");
}

function act({ key, shiftKey }: KeyboardEvent, player: ConsultPlayer, stage: Stage | null): boolean {
  if (key === " ") player.toggle();
  else if (key === "ArrowLeft" && !shiftKey) player.seek(player.at.peek() - STEP_US);
  else if (key === "ArrowRight" && !shiftKey) player.seek(player.at.peek() + STEP_US);
  else if (!shortcuts.peek()) return false;
  else if (key === ",") player.step(-1);
  else if (key === ".") player.step(1);
  else if (key === "<" || key === ">") player.setSpeed(nextSpeed(player.speed.peek(), key === ">" ? 1 : -1));
  else if (key === "+" || key === ";") zoom(stage, ZOOM_STEP);
  else if (key === "-") zoom(stage, 1 / ZOOM_STEP);
  else if (key === "0") stage?.whole();
  else return false;
  return true;
}

function nextSpeed(speed: number, by: 1 | -1): number {
  return SPEEDS[SPEEDS.indexOf(speed) + by] ?? speed;
}
