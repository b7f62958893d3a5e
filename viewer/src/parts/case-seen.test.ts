import { expect, test } from "vitest";
import { FramesSeen, LOOK_MS } from "./case-seen";

test("a frame that flies past in the sheet is not seen, one that stands there is", () => {
  const seen = new FramesSeen(4);
  seen.stand([0, 1], 0);
  seen.stand([1, 2], LOOK_MS - 1);
  expect(seen.left).toBe(4);
  seen.stand([2, 3], LOOK_MS);
  expect(seen.left, "the second one stood there").toBe(3);
  expect(seen.passes(2 * LOOK_MS)).toBe(true);
  expect(seen.passes(2 * LOOK_MS)).toBe(false);
  expect([seen.left, seen.next(0)]).toEqual([1, 0]);
});

test("scrolled to the last frame at once, those between are still to be seen", () => {
  const seen = new FramesSeen(120);
  seen.stand([0, 1, 2], 0);
  seen.stand([117, 118, 119], LOOK_MS);
  seen.passes(10 * LOOK_MS);
  expect([seen.left, seen.next(0), seen.next(119)]).toEqual([114, 3, 3]);
});

test("what ran through the large picture is seen", () => {
  const seen = new FramesSeen(3);
  for (const index of [0, 1, 1, 2, 3]) seen.shows(index);
  expect([seen.left, seen.next(2)]).toEqual([0, null]);
});
