// Lets the browser fetch DICOM files of a clip: itself, what was drawn on it, what was measured on it.
//
// A plain link, so that two gigabytes go to the disk and not through the page's memory; the handle in it is no secret, the
// cookie that it names is. Called by the player's controls. Invariant: the bytes are the relay's, unaltered, under a name
// without identity.

import { type ClipPlace, clipPath } from "./source";

/** The clip, a presentation state, a measurement report. */
export type ClipFile = "file" | "marks" | "measurements";

export function download(place: ClipPlace, what: ClipFile): void {
  const link = document.createElement("a");
  link.href = `${clipPath(place)}/${what}?session=${encodeURIComponent(place.session)}`;
  link.download = `clip-${place.clip}${what === "file" ? "" : `-${what}`}.dcm`;
  link.click();
}
