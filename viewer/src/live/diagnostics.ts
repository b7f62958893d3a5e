// What a page really shows, for people who test or support it: `window.hibiki`.
//
// Read-only getters over the desk; no secret, no name, nothing that changes anything. Documented in README.md.
// Invariant: reading it never has an effect on the page.

import type { BeatView } from "./beat";
import type { Desk } from "./desk";

export type Diagnostics = {
  readonly lastPaintedRtpTime: number | null;
  readonly imageAgeMs: number | null;
  readonly level: string;
  readonly scenery: string;
  readonly original: string | null;
  readonly beat: BeatView | null;
  readonly entriesHeld: number;
  readonly marksHeld: readonly string[];
  readonly marksShown: readonly string[];
  readonly unconfirmed: number;
  readonly link: string;
  readonly picture: string;
  readonly playoutDelayOffered: boolean;
  readonly rtpSource: string;
  readonly framesKept: number;
  readonly clockErrorUs: number;
};

declare global {
  interface Window {
    hibiki?: Diagnostics;
  }
}

/** Shows the desk's figures until the returned function is called. */
export function exposeDiagnostics(desk: Desk): () => void {
  const { consult, picture, watch } = desk;
  window.hibiki = {
    get lastPaintedRtpTime() {
      return picture.frame.peek()?.rtpTime ?? null;
    },
    get imageAgeMs() {
      return watch.badge.peek().ageMs;
    },
    get level() {
      return watch.badge.peek().level;
    },
    get scenery() {
      return desk.scenery.peek();
    },
    get original() {
      return desk.freeze.original.peek();
    },
    get beat() {
      return desk.beat.view.peek();
    },
    get entriesHeld() {
      return consult.replica.peek().seq ?? 0;
    },
    get marksHeld() {
      return consult.marks.peek().map((held) => held.mark.id);
    },
    get marksShown() {
      return desk.visible.peek().map((held) => held.mark.id);
    },
    get unconfirmed() {
      return consult.pending.peek().length;
    },
    get link() {
      return consult.link.peek().state;
    },
    get picture() {
      return picture.whep.peek().state;
    },
    get playoutDelayOffered() {
      return picture.diagnostics.playoutDelayOffered;
    },
    get rtpSource() {
      return picture.diagnostics.rtpSource;
    },
    get framesKept() {
      return picture.diagnostics.framesKept;
    },
    get clockErrorUs() {
      return consult.clock.errorUs;
    },
  };
  return () => {
    delete window.hibiki;
  };
}
