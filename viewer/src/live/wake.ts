// Keeps the screen on while somebody scans or advises.
//
// The lock is lost whenever the page is hidden, and when a device saves power; it is taken again when the page is in sight.
// Missing before iPadOS 18.4: the page then says so. Called by the bedside and consult screens. Invariant: one lock at a
// time, and "on" is said only while there is one.

import { signal } from "@preact/signals";

/** A device that took the lock away may give it back; asking again at once would only be a fight. */
const ASK_AGAIN_MS = 5_000;

export const wakeState = signal<"unknown" | "on" | "off">("unknown");

/** Holds the lock until the returned function is called. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let asking = false;
  let ended = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  const take = async (): Promise<void> => {
    clearTimeout(again);
    const held = lock !== null && !lock.released;
    if (held || asking || ended || document.visibilityState !== "visible") return;
    asking = true;
    try {
      const fresh = await navigator.wakeLock.request("screen");
      if (ended) {
        void fresh.release();
        return;
      }
      lock = fresh;
      fresh.addEventListener("release", () => lost(fresh), { once: true });
      wakeState.value = "on";
    } catch {
      // Missing, forbidden by power saving, or not a secure context.
      if (!ended) wakeState.value = "off";
    } finally {
      asking = false;
    }
  };
  const lost = (which: WakeLockSentinel): void => {
    if (ended || which !== lock) return;
    lock = null;
    wakeState.value = "off";
    again = setTimeout(() => void take(), ASK_AGAIN_MS);
  };
  const onVisibility = () => void take();
  document.addEventListener("visibilitychange", onVisibility);
  void take();
  return () => {
    ended = true;
    clearTimeout(again);
    document.removeEventListener("visibilitychange", onVisibility);
    void lock?.release();
    wakeState.value = "unknown";
  };
}
