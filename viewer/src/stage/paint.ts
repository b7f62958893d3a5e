// Puts a decoded picture on a canvas.
//
// Called by the players of clips and of whole consults, which own their canvases. Invariant: the canvas has the picture's own
// size, so that no pixel is made up.

import type { Size } from "./points";

/** Gives the size when it is another than before. */
export function paint(canvas: HTMLCanvasElement, picture: ImageBitmap): Size | null {
  const { width, height } = picture;
  const isOther = canvas.width !== width || canvas.height !== height;
  if (isOther) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0);
  return isOther ? { width, height } : null;
}
