// T in a person's hand: switches the microphone, or holds it open.
//
// Owns listening to the key and to what may swallow its release. Called by the voice part. Invariant: with push-to-talk a
// page that lost the focus or is hidden is muted, because it never hears that the key was let go.

import { shortcuts } from "../settings";
import type { Talk } from "./talk";

/** As much of the voice as the key changes. */
export type KeyedTalk = Pick<Talk, "state" | "muted" | "pushToTalk" | "mute">;

export function listenToKey(talk: KeyedTalk): () => void {
  const isOurs = (event: KeyboardEvent): boolean => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !typing;
    return plain && shortcuts.peek() && event.key.toLowerCase() === "t" && talk.state.peek() === "on";
  };
  const down = (event: KeyboardEvent): void => {
    if (!isOurs(event) || event.repeat) return;
    event.preventDefault();
    talk.mute(talk.pushToTalk.peek() ? false : !talk.muted.peek());
  };
  const letGo = (): void => {
    if (talk.pushToTalk.peek()) talk.mute(true);
  };
  const up = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === "t") letGo();
  };
  const hidden = (): void => {
    if (document.visibilityState === "hidden") letGo();
  };
  addEventListener("keydown", down);
  addEventListener("keyup", up);
  addEventListener("blur", letGo);
  document.addEventListener("visibilitychange", hidden);
  return () => {
    removeEventListener("keydown", down);
    removeEventListener("keyup", up);
    removeEventListener("blur", letGo);
    document.removeEventListener("visibilitychange", hidden);
  };
}
