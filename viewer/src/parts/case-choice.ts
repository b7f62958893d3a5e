// Which clips of a consult come into a case.
//
// Owns what is chosen at first and whether a choice can be made into a case. No page here.

import type { CaseSource } from "../wire/case";
import { MAX_CASE_CLIPS } from "../wire/constants";
import type { ClipId } from "../wire/ids";

/** What keeps a choice from being made into a case. */
export type ChoiceTrouble = "none" | "tooMany";

/** All that something can be made of; nothing when they are more than a case may have, because a person has to choose then. */
export function usualChoice(sources: readonly CaseSource[]): ReadonlySet<ClipId> {
  const usable = sources.filter(({ fault }) => fault === null);
  return new Set(usable.length > MAX_CASE_CLIPS ? [] : usable.map(({ head }) => head.clip));
}

export function choiceTrouble(chosen: ReadonlySet<ClipId>): ChoiceTrouble | null {
  if (chosen.size === 0) return "none";
  return chosen.size > MAX_CASE_CLIPS ? "tooMany" : null;
}

/** In the order of the list. */
export function chosenClips(sources: readonly CaseSource[], chosen: ReadonlySet<ClipId>): ClipId[] {
  return sources.map(({ head }) => head.clip).filter((clip) => chosen.has(clip));
}
