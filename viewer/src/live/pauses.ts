// Counts pauses of the picture: gaps between two painted frames that a person notices.
//
// Pure; called by the link watch for each painted frame. The browser's own count (`freezeCount`) is missing in some and leaves
// out what a slow source explains. A page that lay behind another one painted nothing, which is no pause.
// Invariant: each gap counts once, when the picture goes on.

/** A longer gap is a pause (issue 4: no freeze over 300 ms)… */
export const PAUSE_FROM_MS = 300;
/** …unless the source gives so few frames: then so many of them must be missing. */
const MISSING_FRAMES = 3;

export class Pauses {
  #last: number | null = null;
  #count = 0;
  #ms = 0;

  painted(at: number, sourceFps: number | null): void {
    const gap = at - (this.#last ?? at);
    this.#last = at;
    const usual = sourceFps === null || sourceFps <= 0 ? 0 : (MISSING_FRAMES * 1000) / sourceFps;
    if (gap <= Math.max(PAUSE_FROM_MS, usual)) return;
    this.#count += 1;
    this.#ms += gap;
  }

  /** Nothing could be painted for a while. */
  interrupted(): void {
    this.#last = null;
  }

  /** Pauses since this was last asked. */
  take(): { readonly pauses: number; readonly pausedMs: number } {
    const taken = { pauses: this.#count, pausedMs: Math.round(this.#ms) };
    this.#count = this.#ms = 0;
    return taken;
  }
}
