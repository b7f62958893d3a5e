// What a tab remembers of its voice, so that a reload comes back as it was.
//
// Owns two entries of the session storage. Called by `talk.ts`. Invariant: whoever was muted, or spoke only while holding a
// key, never comes back with an open microphone; nor does anybody to a recording that this tab did not show before.

import type { ConsentId } from "../wire/ids";

const KEY = "hibiki.voice";
const SHOWN_KEY = "hibiki.voice.consent";

/** How the voice was in this tab; null out of the conversation. */
export type Kept = "on" | "muted" | "hold" | null;

export function kept(): Kept {
  try {
    const held = sessionStorage.getItem(KEY);
    return held === "on" || held === "muted" || held === "hold" ? held : null;
  } catch {
    return null;
  }
}

export function keep(how: Kept): void {
  try {
    if (how === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, how);
  } catch {
    // A browser that forbids storage asks again after a reload.
  }
}

/** Whether this tab showed already that voices are recorded under this consent. */
export function wasShown(consent: ConsentId): boolean {
  try {
    return sessionStorage.getItem(SHOWN_KEY) === consent;
  } catch {
    return false;
  }
}

export function noteShown(consent: ConsentId): void {
  try {
    sessionStorage.setItem(SHOWN_KEY, consent);
  } catch {
    // A browser that forbids storage comes back muted while voices are recorded.
  }
}
