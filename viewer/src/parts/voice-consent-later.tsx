// Where the control of the recording of voices comes at the bedside, once the picture runs, or cannot.
//
// Owns loading its code. Called by the bedside page.

import type { Desk } from "../live/desk";
import { useLater } from "./later";

const loadConsent = async () => (await import("./voice-consent")).VoiceConsent;

export function VoiceConsentPlace({ desk }: { desk: Desk }) {
  const { picture, consult } = desk;
  const isSettled = picture.size.value !== null || picture.whep.value.state === "noPicture";
  const later = useLater<{ desk: Desk }>(loadConsent, isSettled && consult.rights.value.recordVoice);
  const Consent = later.part;
  return Consent === null ? null : <Consent desk={desk} />;
}
