import { expect, test } from "vitest";
import { type Hearing, Mending, type Remedy } from "./mending";

const STEP_MS = 200;

/** What is tried while this is heard for so long, with when. */
function tried(mending: Mending, from: number, hearing: Hearing, ms: number): [number, Remedy][] {
  const all: [number, Remedy][] = [];
  for (let now = from; now < from + ms; now += STEP_MS) {
    const remedy = mending.look(now, hearing);
    if (remedy !== null) all.push([now - from, remedy]);
  }
  return all;
}

test("an unheard voice gets an ICE restart, then a fresh session, then the button", () => {
  const mending = new Mending();
  expect(tried(mending, 0, "unheard", 60_000)).toEqual([
    [3_000, "restartIce"],
    [6_000, "freshSession"],
  ]);
});

test("a fresh session is called heard before it is: a dead microphone makes no connections for ever", () => {
  const mending = new Mending();
  tried(mending, 0, "unheard", 7_000);
  for (let round = 1; round <= 10; round += 1) {
    tried(mending, round * 10_000, "unknown", 600);
    tried(mending, round * 10_000 + 600, "heard", 2_400);
    expect(tried(mending, round * 10_000 + 3_000, "unheard", 7_000)).toEqual([]);
  }
});

test("a voice that was really heard again is mended again", () => {
  const mending = new Mending();
  tried(mending, 0, "unheard", 7_000);
  tried(mending, 7_000, "heard", 5_200);
  expect(tried(mending, 13_000, "unheard", 4_000)).toEqual([[3_000, "restartIce"]]);
});

test("a moment without packets, or being muted, is nothing to mend", () => {
  const mending = new Mending();
  expect(tried(mending, 0, "unheard", 2_800)).toEqual([]);
  expect(tried(mending, 2_800, "unknown", 60_000)).toEqual([]);
  expect(tried(mending, 63_000, "unheard", 2_800)).toEqual([]);
});
