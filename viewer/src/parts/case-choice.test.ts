import { expect, test } from "vitest";
import type { CaseSource } from "../wire/case";
import type { ClipHead } from "../wire/clip";
import type { ClipId } from "../wire/ids";
import { choiceTrouble, chosenClips, usualChoice } from "./case-choice";

const source = (clip: number, fault: CaseSource["fault"] = null): CaseSource => ({
  head: { clip: `clip ${clip}` as ClipId } as ClipHead,
  fault,
});
const sources = (count: number) => Array.from({ length: count }, (_, clip) => source(clip));

test("all that something can be made of is chosen at first, and a video is not", () => {
  const all = [source(1), source(2, "video"), source(3)];
  expect(chosenClips(all, usualChoice(all))).toEqual(["clip 1", "clip 3"]);
});

test("of more clips than a case may have a person has to choose", () => {
  expect(usualChoice(sources(20)).size).toBe(20);
  expect(usualChoice(sources(21)).size).toBe(0);
});

test("a case has at least one clip and at most twenty", () => {
  const chosen = (count: number) => new Set(sources(count).map(({ head }) => head.clip));
  expect([0, 1, 20, 21].map((count) => choiceTrouble(chosen(count)))).toEqual([
    "none",
    null,
    null,
    "tooMany",
  ]);
});

test("clips come in the order of the consult, however they were ticked", () => {
  const chosen = new Set(["clip 3", "clip 1"] as ClipId[]);
  expect(chosenClips(sources(5), chosen)).toEqual(["clip 1", "clip 3"]);
});
