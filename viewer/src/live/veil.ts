// What stands over the video, and whether the video under it is drawn at all.
//
// Owns the canvas over the video. While a still covers the video completely the browser need not draw it: that is half of
// what a page with a running picture costs. Called by `picture.ts`. Invariants: a video that is not drawn goes on telling its frames, or
// it is drawn again for good; the video is drawn before the cover goes, so that nothing flashes up between them.

/** What a canvas can take. */
export type Drawable = ImageData | ImageBitmap | VideoFrame;

/** A hidden video that tells no frame for so long may be in a browser that stops it. */
const PROVES_WITHIN_MS = 600;
/** Longest wait for the first frame of a video that is drawn again: a stopped stream has none. */
const LIFTS_WITHIN_MS = 100;

export class Veil {
  /** Over the video: the frozen frame, or the last frame while there is no new one. */
  readonly cover: HTMLCanvasElement;
  #mayHide = true;
  #proving: ReturnType<typeof setTimeout> | undefined;
  #lifting: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly video: HTMLVideoElement) {
    this.cover = document.createElement("canvas");
    this.cover.hidden = true;
  }

  get isDown(): boolean {
    return !this.cover.hidden;
  }

  /** Puts a picture over the video; `still` when it stays there while the video goes on. False when it cannot be drawn. */
  show(picture: Drawable, still: boolean): boolean {
    const [width, height] =
      "displayWidth" in picture
        ? [picture.displayWidth, picture.displayHeight]
        : [picture.width, picture.height];
    // It was given back meanwhile: what stands here is better than nothing.
    if (width === 0 || height === 0) return false;
    if (this.cover.width !== width || this.cover.height !== height)
      Object.assign(this.cover, { width, height });
    const context = this.cover.getContext("2d", { alpha: false });
    // Pixels go straight in: by way of a bitmap the same picture takes seven times as long.
    if (picture instanceof ImageData) context?.putImageData(picture, 0, 0);
    else context?.drawImage(picture, 0, 0);
    this.#stopWaiting();
    this.cover.hidden = false;
    if (still) this.#hideVideo();
    else this.video.style.visibility = "";
    return true;
  }

  /** The video is seen again, from its next frame on. */
  lift(): void {
    clearTimeout(this.#proving);
    if (this.video.style.visibility !== "hidden") {
      this.#stopWaiting();
      this.cover.hidden = true;
      return;
    }
    this.video.style.visibility = "";
    this.#lifting = setTimeout(this.#lifted, LIFTS_WITHIN_MS);
  }

  /** The video told a frame. */
  painted(): void {
    if (this.#lifting !== undefined) this.#lifted();
    clearTimeout(this.#proving);
    if (this.video.style.visibility === "hidden") this.#prove();
  }

  close(): void {
    this.#stopWaiting();
  }

  #hideVideo(): void {
    if (!this.#mayHide || this.video.style.visibility === "hidden") return;
    this.video.style.visibility = "hidden";
    this.#prove();
  }

  #prove(): void {
    this.#proving = setTimeout(() => {
      this.#mayHide = false;
      this.video.style.visibility = "";
    }, PROVES_WITHIN_MS);
  }

  readonly #lifted = (): void => {
    this.#stopWaiting();
    this.cover.hidden = true;
  };

  #stopWaiting(): void {
    clearTimeout(this.#proving);
    clearTimeout(this.#lifting);
    this.#proving = this.#lifting = undefined;
  }
}
