// Whether any sound comes from the own microphone.
//
// A headset whose switch is off, or the wrong input, gives a live track of zeros: packets flow, the relay hears a voice and
// nobody hears a word. A room is never that silent. Time comes in as an argument. Called by `talk.ts`.
// Invariant: a microphone that is muted here, or not connected, is never called silent.

/** A person who was asked something is not silent for longer without the room being heard. */
const SILENT_AFTER_MS = 5_000;

/** What the browser says of the source (webrtc-stats, RTCAudioSourceStats). */
export type Sound = {
  /** Loudness now, 0 to 1; exactly 0 is digital silence. */
  readonly level: number;
  /** All sound since the beginning, where the browser counts it: also what came between two looks. */
  readonly energy: number | null;
};

export class SoundWatch {
  #soundAt: number | null = null;
  #energy: number | null = null;

  /** Takes a reading, or null while there should be none. Gives whether it is silent for too long. */
  look(now: number, sound: Sound | null): boolean {
    if (sound === null) {
      this.#soundAt = this.#energy = null;
      return false;
    }
    const grew = sound.energy !== null && sound.energy > (this.#energy ?? sound.energy);
    this.#energy = sound.energy;
    if (sound.level > 0 || grew || this.#soundAt === null) this.#soundAt = now;
    return now - this.#soundAt >= SILENT_AFTER_MS;
  }
}
