// What of a moment is to be seen, and whether it is what was seen before.
//
// Pure. Called by `player.ts`. Invariant: what did not change is given back as the very thing that it was, so that nothing is drawn twice.

import { personLook } from "../stage/pens";
import { fromWire } from "../stage/points";
import type { ScenePointer } from "../stage/stage";
import type { Original } from "../wire/original";
import type { MarkState } from "../wire/socket";
import type { PointerTrack } from "./pointers";
import type { Moment } from "./story";

/** What is on the glass. */
export type Glass =
  /** Nothing was recorded, or nothing is known yet. */
  | { readonly what: "none" }
  /** A frame of the recording. */
  | {
      readonly what: "frame";
      readonly index: number;
      /** Its moment on the clock. */
      readonly atUs: number;
      readonly isFilled: boolean;
      /** Nothing around it will be filled in any more. */
      readonly isSettled: boolean;
    }
  /** The frozen frame as it was captured. */
  | { readonly what: "original" }
  /** The frame is on its way; of a hundred, where it is long. `isApart`: somebody stands on it, or the one before is from another moment. */
  | { readonly what: "coming"; readonly percent: number | null; readonly isApart: boolean }
  /** There is no picture of this moment. */
  | { readonly what: "hole" };

/** The pointers that everybody saw, as far as they were kept: with a consent, and of those who were there. */
export function pointersOf(track: PointerTrack, { state, people }: Moment, us: number): ScenePointer[] {
  const { consent } = state.voiceRecording;
  if (consent === null) return [];
  return track.at(us, consent.at).flatMap(({ session, at }) => {
    const person = people.find((one) => one.session === session);
    if (person === undefined) return [];
    const [initials = ""] = person.name;
    return { ...personLook(person.person), name: person.name, initials, at: fromWire(at) };
  });
}

/**
 * Whether something may stand over what is on the glass. A running picture is late by a frame or two and its marks belong to the moment;
 * those of the frame that somebody stands on belong to no other, and nothing that was said after a leap belongs to what was there before.
 */
export function mayBeMarked(glass: Glass): boolean {
  return glass.what === "coming" ? !glass.isApart : glass.what !== "hole" && glass.what !== "none";
}

/** The original of the frame that everybody stands on. */
export function originalOf({ state }: Moment): Original | null {
  const original = state.freeze?.original;
  return original?.state === "kept" ? original.original : null;
}

export function sameGlass(a: Glass, b: Glass): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}

export function samePointers(
  before: readonly ScenePointer[],
  after: readonly ScenePointer[],
): readonly ScenePointer[] {
  const isSame =
    before.length === after.length && before.every((held, place) => held.at === after[place]?.at);
  return isSame ? before : after;
}

export function sameMarks(before: readonly MarkState[], after: readonly MarkState[]): readonly MarkState[] {
  const isSame = before.length === after.length && before.every((held, place) => held === after[place]);
  return isSame ? before : after;
}
