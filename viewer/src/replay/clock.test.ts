import { expect, test } from "vitest";
import { MediaClock } from "./clock";

const ALL = { from: 1_000_000, until: 61_000_000 };

test("it goes as fast as it is told, however unevenly it is asked", () => {
  for (const speed of [0.25, 1, 4]) {
    const clock = new MediaClock(ALL);
    clock.setSpeed(speed, 0);
    clock.play(0);
    for (const now of [1, 7, 8, 400, 401, 2_000]) clock.due(now);
    expect(clock.due(2_500)).toBeCloseTo(ALL.from + 2_500_000 * speed, 3);
  }
});

test("speed changed on the way counts from there on", () => {
  const clock = new MediaClock(ALL);
  clock.play(0);
  clock.setSpeed(2, 1_000);
  expect(clock.due(2_000)).toBe(ALL.from + 3_000_000);
});

test("it stands while something is awaited, and goes on from where it stood", () => {
  const clock = new MediaClock(ALL);
  clock.play(0);
  clock.hold(1_000);
  expect(clock.due(9_000)).toBe(ALL.from + 1_000_000);
  expect(clock.playing).toBe(true);
  clock.release(9_000);
  expect(clock.due(9_500)).toBe(ALL.from + 1_500_000);
});

test("it ends at the end, and begins anew when it is played from there", () => {
  const clock = new MediaClock(ALL);
  clock.seek(60_500_000, 0);
  clock.play(0);
  expect(clock.due(5_000)).toBe(ALL.until);
  expect(clock.playing).toBe(false);
  clock.play(6_000);
  expect(clock.due(6_000)).toBe(ALL.from);
});

test("a stretch is looped from wherever it is entered; behind it, it plays on", () => {
  const clock = new MediaClock(ALL);
  clock.setStretch({ from: 10_000_000, until: 12_000_000 });
  clock.play(0);
  expect(clock.due(0)).toBe(10_000_000);
  expect(clock.due(5_000)).toBe(11_000_000);
  clock.seek(30_000_000, 5_000);
  expect(clock.due(6_000)).toBe(31_000_000);
  clock.setStretch({ from: 5, until: 5 });
  expect(clock.stretch).toBeNull();
});

test("it never leaves what there is", () => {
  const clock = new MediaClock(ALL);
  clock.seek(0, 0);
  expect(clock.due(0)).toBe(ALL.from);
  clock.seek(Number.MAX_SAFE_INTEGER, 0);
  expect(clock.due(0)).toBe(ALL.until);
  clock.extend({ from: ALL.from, until: 90_000_000 });
  clock.seek(80_000_000, 0);
  expect(clock.due(0)).toBe(80_000_000);
});
