// Gets the DICOM file of a clip and hands it to the browser.
//
// Called by the player's controls. Invariant: the bytes are the relay's, unaltered, under a name without identity.

import { ask } from "../net/http";
import { type ClipPlace, clipPath } from "./source";

/** 2 GiB at 10 Mbit/s take half an hour. */
const FILE_TIMEOUT_MS = 30 * 60_000;
/** The browser has taken over by then. */
const RELEASE_AFTER_MS = 60_000;

export async function downloadFile(place: ClipPlace): Promise<void> {
  const answer = await ask(`${clipPath(place)}/file`, { session: place.session, timeoutMs: FILE_TIMEOUT_MS });
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `${place.clip}.dcm`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), RELEASE_AFTER_MS);
}
