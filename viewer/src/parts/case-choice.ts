// Which clips of a consult come into a case.
//
// Owns what is chosen at first and whether a choice can be made into a case. No page here.

import type { ClipHead } from "../wire/clip";
import { MAX_CASE_CLIPS } from "../wire/constants";
import type { ClipId } from "../wire/ids";

/** What keeps a choice from being made into a case. */
export type ChoiceTrouble = "none" | "tooMany";

/**
 * All but videos: a recorded minute is thousands of frames that somebody has to look at. Nothing when they are more than a case may
 * have, because a person has to choose then.
 */
export function usualChoice(sources: readonly ClipHead[]): ReadonlySet<ClipId> {
  const usual = sources.filter(({ coding }) => coding !== "video");
  return new Set(usual.length > MAX_CASE_CLIPS ? [] : usual.map(({ clip }) => clip));
}

export function choiceTrouble(chosen: ReadonlySet<ClipId>): ChoiceTrouble | null {
  if (chosen.size === 0) return "none";
  return chosen.size > MAX_CASE_CLIPS ? "tooMany" : null;
}

/** In the order of the list. */
export function chosenClips(sources: readonly ClipHead[], chosen: ReadonlySet<ClipId>): ClipId[] {
  return sources.map(({ clip }) => clip).filter((clip) => chosen.has(clip));
}
