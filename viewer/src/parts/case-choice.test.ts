import { expect, test } from "vitest";
import type { ClipHead } from "../wire/clip";
import type { ClipId } from "../wire/ids";
import { choiceTrouble, chosenClips, usualChoice } from "./case-choice";

const source = (clip: number) => ({ clip: `clip ${clip}` as ClipId }) as ClipHead;
const sources = (count: number) => Array.from({ length: count }, (_, clip) => source(clip));

test("all are chosen at first", () => {
  const all = sources(3);
  expect(chosenClips(all, usualChoice(all))).toEqual(["clip 0", "clip 1", "clip 2"]);
});

test("a recorded minute comes into a case only when somebody ticks it", () => {
  const all = [source(0), { ...source(1), coding: "video" } as ClipHead, source(2)];
  expect(chosenClips(all, usualChoice(all))).toEqual(["clip 0", "clip 2"]);
});

test("of more clips than a case may have a person has to choose", () => {
  expect(usualChoice(sources(20)).size).toBe(20);
  expect(usualChoice(sources(21)).size).toBe(0);
});

test("a case has at least one clip and at most twenty", () => {
  const chosen = (count: number) => new Set(sources(count).map(({ clip }) => clip));
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
