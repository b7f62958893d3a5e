// What to try by itself when the relay hears nothing of a voice that this page sends.
//
// First an ICE restart, which costs nothing; then a fresh session; then it is left to the person and the button. Time comes
// in as an argument. Called by `talk.ts`. Invariant: each remedy is tried once until the voice was really heard again, so
// that a dead microphone does not make connections for ever.

/** How long a voice is unheard before something is tried, and again before the next thing. */
const TRY_AFTER_MS = 3_000;
/** A fresh session counts as heard until the relay missed it for 2 s; only what lasts longer is a voice. */
const HEARD_FOR_MS = 5_000;

export type Remedy = "restartIce" | "freshSession";
const REMEDIES: readonly Remedy[] = ["restartIce", "freshSession"];

/** Unknown while the voice is muted, on its way or not to be judged. */
export type Hearing = "heard" | "unheard" | "unknown";

export class Mending {
  #hearing: Hearing = "unknown";
  #since = 0;
  #tried = 0;

  look(now: number, hearing: Hearing): Remedy | null {
    if (hearing !== this.#hearing) {
      this.#hearing = hearing;
      this.#since = now;
    }
    const lasted = now - this.#since;
    if (hearing === "heard" && lasted >= HEARD_FOR_MS) this.#tried = 0;
    const remedy = REMEDIES[this.#tried];
    if (hearing !== "unheard" || lasted < TRY_AFTER_MS || remedy === undefined) return null;
    this.#tried += 1;
    this.#since = now;
    return remedy;
  }
}
