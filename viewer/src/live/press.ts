// What a press of save means when it is said late.
//
// Pure: time comes in as an argument. "The last six seconds" are those before the press, so a press that is said again
// asks for as many seconds more as have passed. Called by `sending.ts`. Invariant: what a late press saves contains what
// the press meant, or nothing is saved and the person is told.

import type { OutItem, OutMessage } from "../marks/outbox";
import { MAX_CLIP_SECONDS } from "../wire/constants";

/** An unsaid press is given up after this: the device's ring, 20 s by default, moves on. */
export const PRESS_STANDS_MS = 10_000;

export function isTooLate({ message, order }: OutItem, nowMs: number): boolean {
  // A frame has its name and means the same for ever; whether the device still has it, the device says.
  return message.type === "saveClip" && message.what.type === "last" && nowMs - order > PRESS_STANDS_MS;
}

export function asSaidNow({ message, order }: OutItem, nowMs: number): OutMessage {
  if (message.type !== "saveClip" || message.what.type !== "last") return message;
  const passed = Math.ceil(Math.max(0, nowMs - order) / 1_000);
  const seconds = Math.min(MAX_CLIP_SECONDS, message.what.seconds + passed);
  return { ...message, what: { type: "last", seconds } };
}
