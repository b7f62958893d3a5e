// What a person chose for this device: the side of the tools, whether letter keys act, how much a press of save takes, and
// which microphone and loudspeaker the voice uses.
//
// Owns five settings in local storage; no patient data. Called by the screens, `live/keys.ts` and the voice.
// Invariant: a browser that forbids storage still works; the choice then holds for this page.

import { effect, signal } from "@preact/signals";
import { DEFAULT_CLIP_SECONDS } from "./wire/constants";

export type Side = "left" | "right";

const SIDE_KEY = "hibiki.side";
const SHORTCUTS_KEY = "hibiki.shortcuts";
const CLIP_SECONDS_KEY = "hibiki.clipSeconds";
const MICROPHONE_KEY = "hibiki.microphone";
const LOUDSPEAKER_KEY = "hibiki.loudspeaker";

export const side = signal<Side>(read(SIDE_KEY) === "left" ? "left" : "right");
/** WCAG 2.2, 2.1.4: single letters as keys can be switched off, for people who speak to their computer. */
export const shortcuts = signal(read(SHORTCUTS_KEY) !== "off");

/** What one press of save can take, in seconds. */
export const CLIP_SECONDS: readonly number[] = [3, 6, 10, 20];
export const clipSeconds = signal(
  CLIP_SECONDS.find((seconds) => seconds === Number(read(CLIP_SECONDS_KEY))) ?? DEFAULT_CLIP_SECONDS,
);

/** The device's id as this browser names it to this origin; "" is the usual one. */
export const microphone = signal(read(MICROPHONE_KEY) ?? "");
export const loudspeaker = signal(read(LOUDSPEAKER_KEY) ?? "");

effect(() => write(MICROPHONE_KEY, microphone.value));
effect(() => write(LOUDSPEAKER_KEY, loudspeaker.value));
effect(() => write(CLIP_SECONDS_KEY, String(clipSeconds.value)));
effect(() => write(SIDE_KEY, side.value));
effect(() => write(SHORTCUTS_KEY, shortcuts.value ? "on" : "off"));

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See the invariant.
  }
}
