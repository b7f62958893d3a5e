// Keeps the screen on while somebody scans.
//
// The lock is lost whenever the page is hidden and taken again when it comes back. Missing before iPadOS 18.4: the page
// then says so. Called by the bedside screen.

import { signal } from "@preact/signals";

export const wakeState = signal<"unknown" | "on" | "off">("unknown");

/** Holds the lock until the returned function is called. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let ended = false;
  const take = async (): Promise<void> => {
    if (document.visibilityState !== "visible") return;
    try {
      const held = await navigator.wakeLock.request("screen");
      if (ended) void held.release();
      else lock = held;
      wakeState.value = "on";
    } catch {
      // Missing, forbidden by power saving, or not a secure context.
      wakeState.value = "off";
    }
  };
  const onVisibility = () => void take();
  document.addEventListener("visibilitychange", onVisibility);
  void take();
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", onVisibility);
    void lock?.release();
    wakeState.value = "unknown";
  };
}
