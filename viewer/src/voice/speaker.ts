// Plays the voices of the others.
//
// Owns one audio element for each seat, and on which loudspeaker they play. A browser may refuse to play before somebody
// touched the page, or stop after a phone call: that is said, and `resume` is called from a touch. Called by `talk.ts`.
// Invariant: what this page itself ends, replaces or lost with its connection is never called silenced.

import { signal } from "@preact/signals";

export class Speaker {
  /** The browser does not play now; a touch will help. */
  readonly silenced = signal(false);
  readonly #elements = new Map<string, HTMLAudioElement>();
  #sink = "";

  play(seat: string, track: MediaStreamTrack): void {
    this.#end(seat);
    const element = new Audio();
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    element.addEventListener("pause", this.#paused);
    this.#elements.set(seat, element);
    if (this.#sink !== "") void direct(element, this.#sink);
    void this.#start(element);
  }

  /** Plays on this loudspeaker from now on; "" is the usual one. */
  playOn(sink: string): void {
    if (sink === this.#sink) return;
    this.#sink = sink;
    for (const element of this.#elements.values()) void direct(element, sink);
  }

  /** From a touch: everything plays again. */
  async resume(): Promise<void> {
    this.silenced.value = false;
    await Promise.all([...this.#elements.values()].map((element) => this.#start(element)));
  }

  /** All voices end, as with their connection; the next ones may play or not. */
  close(): void {
    for (const seat of [...this.#elements.keys()]) this.#end(seat);
    this.silenced.value = false;
  }

  #end(seat: string): void {
    const element = this.#elements.get(seat);
    if (element === undefined) return;
    this.#elements.delete(seat);
    element.removeEventListener("pause", this.#paused);
    element.srcObject = null;
    element.pause();
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (cause) {
      // Replaced before it began is no trouble.
      const replaced = cause instanceof DOMException && cause.name === "AbortError";
      if (!replaced && this.#isHeard(element)) this.silenced.value = true;
    }
  }

  /** Paused by the system and not by us: a call that took the loudspeaker. */
  readonly #paused = ({ currentTarget }: Event): void => {
    if (this.#isHeard(currentTarget)) this.silenced.value = true;
  };

  /** It is the element of a seat, and there is something to play: a track ends with its connection and pauses its element. */
  #isHeard(candidate: EventTarget | null): boolean {
    const element = [...this.#elements.values()].find((one) => one === candidate);
    const stream = element?.srcObject;
    return stream instanceof MediaStream && stream.getTracks().some((track) => track.readyState === "live");
  }
}

/** A loudspeaker that is gone or not allowed leaves the voice on the usual one. */
async function direct(element: HTMLAudioElement, sink: string): Promise<void> {
  await element.setSinkId?.(sink).catch(() => undefined);
}
