// The preview on a canvas: asks for the next picture, paints it, and asks again.
//
// Owns the pace by asking one at a time, so that a slow page gets fewer pictures and never old ones. While frozen it shows
// the PNG of exactly that frame. While nobody looks at the page, nothing is asked for, and the agent codes nothing.

import { effect, signal } from "@preact/signals";
import type { RtpTime } from "../wire/units";
import { ask } from "./agent";
import type { Desk } from "./desk";

/** After a failure, before asking again. */
const BREATH_MS = 500;

export class Preview {
  /** Pixels of the picture that is shown; nothing before the first. */
  readonly size = signal<{ readonly width: number; readonly height: number } | null>(null);
  /** Number of the frame that is shown. */
  readonly frame = signal<number | null>(null);
  /** When the picture changed last, by `performance.now()`. */
  paintedAt = performance.now();
  private readonly desk: Desk;
  private readonly canvas: HTMLCanvasElement;
  private ended = false;
  private wake: () => void = () => {};
  private readonly unwatch: () => void;
  private readonly onVisible = () => this.wake();

  constructor(desk: Desk, canvas: HTMLCanvasElement) {
    this.desk = desk;
    this.canvas = canvas;
    document.addEventListener("visibilitychange", this.onVisible);
    this.unwatch = effect(() => {
      void this.frozen();
      this.wake();
    });
    void this.run();
  }

  end(): void {
    this.ended = true;
    this.unwatch();
    document.removeEventListener("visibilitychange", this.onVisible);
    this.wake();
  }

  private frozen(): RtpTime | null {
    return this.desk.state.value?.frozen?.rtpTime ?? null;
  }

  private async run(): Promise<void> {
    let held: RtpTime | null = null;
    while (!this.ended) {
      const frozen = this.frozen();
      if (document.hidden || (frozen !== null && frozen === held)) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        continue;
      }
      try {
        const path = frozen === null ? this.nextPath() : "frozen";
        const response = await ask("GET", path);
        if (response.status === 200) await this.paint(response, frozen);
        held = frozen;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
      }
    }
  }

  private nextPath(): string {
    const shown = this.desk.shown.peek();
    return shown === null ? "preview" : `preview?after=${shown}`;
  }

  private async paint(response: Response, frozen: RtpTime | null): Promise<void> {
    const picture = await createImageBitmap(await response.blob());
    // Frozen meanwhile: a picture that moved on would not be the frame that was meant.
    if (frozen === null && (this.desk.holding.peek() || this.frozen() !== null)) return picture.close();
    const { canvas } = this;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      this.size.value = { width: picture.width, height: picture.height };
    }
    canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0);
    picture.close();
    this.paintedAt = performance.now();
    this.frame.value = Number(response.headers.get("hibiki-frame-index"));
    this.desk.shown.value = Number(response.headers.get("hibiki-rtp-time")) as RtpTime;
  }
}
