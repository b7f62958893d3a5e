// What a tab remembers of its voice, so that a reload comes back as it was.
//
// Owns one entry of the session storage. Called by `talk.ts`. Invariant: whoever was muted, or spoke only while holding a
// key, never comes back with an open microphone.

const KEY = "hibiki.voice";

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
