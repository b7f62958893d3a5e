import { expect, test } from "vitest";
import { below, seeded } from "../../test/seeded";
import { loopedMoment, sameMoment, toggleBeat } from "./phase";

test("without beats two clips run by time, with one in each they are shifted", () => {
  expect(sameMoment(500, [], [200])).toBe(500);
  expect(sameMoment(500, [100], [300])).toBe(700);
  expect(sameMoment(500, [100, 900], [300])).toBe(700);
});

test("the middle of a slow beat is the middle of a fast one", () => {
  const slow = [100_000, 1_100_000];
  const fast = [50_000, 650_000];
  expect(sameMoment(600_000, slow, fast)).toBe(350_000);
  // Beyond the last R wave the last beat goes on.
  expect(sameMoment(1_600_000, slow, fast)).toBe(950_000);
  expect(sameMoment(0, slow, fast)).toBe(-10_000);
});

test.each([4, 44, 444])("R waves lie on R waves, and there and back is the same (seed %i)", (seed) => {
  const random = seeded(seed);
  const beats = (count: number) => {
    let at = below(random, 500_000);
    return Array.from({ length: count }, () => {
      at += 400_000 + below(random, 900_000);
      return at;
    });
  };
  const count = 2 + below(random, 5);
  const [one, other] = [beats(count), beats(count)];
  one.forEach((us, i) => {
    expect(sameMoment(us, one, other)).toBeCloseTo(other[i] ?? Number.NaN, 3);
  });
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < 200; i += 1) {
    const us = below(random, 6_000_000);
    expect(sameMoment(sameMoment(us, one, other), other, one)).toBeCloseTo(us, 2);
  }
  for (let us = 0; us < 6_000_000; us += 50_000) {
    const there = sameMoment(us, one, other);
    expect(there).toBeGreaterThan(before);
    before = there;
  }
});

test("a beat is set once, in order, and taken away by setting it again", () => {
  expect(toggleBeat([100, 300], 200)).toEqual([100, 200, 300]);
  expect(toggleBeat([100, 200], 200)).toEqual([100]);
});

test("beside a consult that goes on for long a clip shows its own beats again and again, at the same phase", () => {
  const [consult, clip] = [
    [10_000_000, 11_000_000],
    [50_000, 650_000, 1_450_000],
  ];
  // The middle of a beat is the middle of a beat, however long each is; after two of them the clip begins anew.
  for (const [us, there] of [
    [10_500_000, 350_000],
    [11_500_000, 1_050_000],
    [12_500_000, 350_000],
    [13_500_000, 1_050_000],
    [9_500_000, 1_050_000],
    [3_600_500_000, 350_000],
  ] as const) {
    expect(loopedMoment(us, consult, clip), `${us}`).toBeCloseTo(there, 3);
  }
  expect(loopedMoment(10_200_000, [10_000_000], clip), "one says where, and not how fast").toBe(250_000);
  expect(loopedMoment(10_200_000, [], clip)).toBeNull();
  expect(loopedMoment(10_200_000, consult, [])).toBeNull();
});
