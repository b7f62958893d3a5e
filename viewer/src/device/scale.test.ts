import { expect, test } from "vitest";
import { exactPoint } from "../stage/points";
import { centimetresOf, dragged, EMPTY, nudged, pixelsOf, pressed } from "./scale";

const SIZE = { width: 800, height: 600 };
const [top, bottom] = [exactPoint(0.9, 0.25), exactPoint(0.9, 0.75)];

test("two taps set two ends, and so does one drag", () => {
  const tapped = pressed(pressed(EMPTY, top), bottom);
  expect(tapped.ends).toEqual([top, bottom]);
  expect(pixelsOf(tapped, SIZE)).toBeCloseTo(300, 9);
  const drawn = dragged(dragged(pressed(EMPTY, top), exactPoint(0.9, 0.5)), bottom);
  expect(drawn).toEqual(tapped);
});

test("a finger that trembles on the first tap sets one end", () => {
  const one = dragged(pressed(EMPTY, top), exactPoint(0.905, 0.255));
  expect(one.ends).toEqual([top]);
  expect(pixelsOf(one, SIZE)).toBeNull();
});

test("once there are two, a press takes hold of the nearer end", () => {
  const both = pressed(pressed(EMPTY, top), bottom);
  const up = exactPoint(0.9, 0.2);
  expect(dragged(pressed(both, exactPoint(0.9, 0.3)), up)).toEqual({ ends: [up, bottom], active: 0 });
  expect(pressed(both, exactPoint(0.9, 0.8)).active).toBe(1);
});

test("the active end moves by single pixels and stays inside the picture", () => {
  const both = pressed(pressed(EMPTY, top), bottom);
  expect(pixelsOf(nudged(both, 0, 1, SIZE), SIZE)).toBeCloseTo(301, 3);
  expect(nudged(both, 0, 999, SIZE).ends[1]).toEqual(exactPoint(0.9, 1));
  expect(nudged(EMPTY, 1, 1, SIZE)).toEqual(EMPTY);
});

test("centimetres are read as people type them", () => {
  expect(["10", "7.5", "7,5", " １２ "].map(centimetresOf)).toEqual([10, 7.5, 7.5, 12]);
  expect(["", "0", "-3", "ten", "1e3", "101"].map(centimetresOf)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});
