// Lets the browser fetch the DICOM file of a clip.
//
// A plain link, so that two gigabytes go to the disk and not through the page's memory; the handle in it is no secret, the
// cookie that it names is. Called by the player's controls. Invariant: the bytes are the relay's, unaltered, under a name
// without identity.

import { type ClipPlace, clipPath } from "./source";

export function downloadFile(place: ClipPlace): void {
  const link = document.createElement("a");
  link.href = `${clipPath(place)}/file?session=${encodeURIComponent(place.session)}`;
  link.download = `clip-${place.clip}.dcm`;
  link.click();
}
