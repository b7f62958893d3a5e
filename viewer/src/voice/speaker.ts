// Plays the voices of the others.
//
// Owns one audio element for each seat. A browser may refuse to play before somebody touched the page, or stop after a phone
// call: that is said, and `resume` is called from a touch. Called by `talk.ts`.

import { signal } from "@preact/signals";

export class Speaker {
  /** The browser does not play now; a touch will help. */
  readonly silenced = signal(false);
  readonly #elements = new Map<string, HTMLAudioElement>();

  play(seat: string, track: MediaStreamTrack): void {
    this.#elements.get(seat)?.pause();
    const element = new Audio();
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    // Paused by the system and not by us: a call that took the loudspeaker.
    element.addEventListener("pause", this.#paused);
    this.#elements.set(seat, element);
    void this.#start(element);
  }

  /** From a touch: everything plays again. */
  async resume(): Promise<void> {
    this.silenced.value = false;
    await Promise.all([...this.#elements.values()].map((element) => this.#start(element)));
  }

  close(): void {
    for (const element of this.#elements.values()) {
      element.removeEventListener("pause", this.#paused);
      element.pause();
      element.srcObject = null;
    }
    this.#elements.clear();
    this.silenced.value = false;
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (cause) {
      // Replaced before it began is no trouble.
      if (!(cause instanceof DOMException && cause.name === "AbortError")) this.silenced.value = true;
    }
  }

  readonly #paused = (): void => {
    this.silenced.value = true;
  };
}
