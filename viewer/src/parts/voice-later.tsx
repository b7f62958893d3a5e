// Where the voice comes once the picture runs, or cannot: the picture is never later for it.
//
// Owns loading its code. Called by the bar.

import type { Desk } from "../live/desk";
import { useLater } from "./later";

const loadVoice = async () => (await import("./voice")).Voice;

export function VoicePlace({ desk }: { desk: Desk }) {
  const { picture, consult } = desk;
  const isSettled = picture.size.value !== null || picture.whep.value.state === "noPicture";
  // With the whole log: whether voices are recorded is known before a microphone opens.
  const later = useLater<{ desk: Desk }>(loadVoice, isSettled && consult.current.value);
  const Voice = later.part;
  return Voice === null ? null : <Voice desk={desk} />;
}
