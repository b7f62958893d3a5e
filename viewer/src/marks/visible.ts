// Which marks are over the picture now.
//
// Pure. Over the running picture: quick marks for some seconds since the relay took them, pinned ones until they are
// withdrawn. On a freeze: the marks of that very frame and no others. Called before each drawing of the stage.
// Invariant: a mark is never shown over a frozen frame that it does not belong to.

import type { Anchor, Annotation } from "../wire/mark";
import type { MarkState } from "../wire/socket";
import type { RelayTime } from "../wire/units";

/** A mark from further in the future was made before somebody set the relay's clock back: it does not stay for a day. */
const CLOCK_WAS_SET_US = 60_000_000;

export function sameFrame(a: Anchor, b: Anchor): boolean {
  return a.stream === b.stream && a.rtpTime === b.rtpTime;
}

export type Showing =
  | { readonly over: "running"; readonly now: RelayTime | null; readonly quickMarkSeconds: number }
  | { readonly over: "freeze"; readonly anchor: Anchor };

export function visibleMarks(marks: readonly MarkState[], showing: Showing): MarkState[] {
  return marks.filter((held) => isVisible(held, showing));
}

/** Gives back `before` when nothing of it changed, so that nobody draws the same again. */
export function unlessSame(before: readonly MarkState[], after: readonly MarkState[]): readonly MarkState[] {
  const same =
    before.length === after.length &&
    before.every((held, i) => held.mark === after[i]?.mark && held.pinned === after[i]?.pinned);
  return same ? before : after;
}

function isVisible(held: MarkState, showing: Showing): boolean {
  if (showing.over === "freeze") return sameFrame(held.mark.anchor, showing.anchor);
  // A value belongs to its frame: over another one it would be read as that one's.
  if (held.mark.shape.type === "measure") return false;
  if (held.pinned) return true;
  const now = showing.now ?? 0;
  const isOfAnotherClock = showing.now !== null && held.at > now + CLOCK_WAS_SET_US;
  return fadesAt(held, showing.quickMarkSeconds) > now && !isOfAnotherClock;
}

/** When a quick mark leaves the running picture; 0 for marks that were made on a freeze and belong only there. */
function fadesAt(held: MarkState, quickMarkSeconds: number): number {
  return held.mark.drawnOn === "freeze" ? 0 : held.at + quickMarkSeconds * 1_000_000;
}

/** A mark that this page made and the relay has not stored yet, as if it were stored now. */
export function asPending(mark: Annotation, author: MarkState["author"], at: RelayTime): MarkState {
  return { mark, author, at, pinned: false };
}
