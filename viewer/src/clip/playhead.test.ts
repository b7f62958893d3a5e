import { expect, test } from "vitest";
import { even, frameTable, uneven } from "../../test/clip-tables";
import { below, seeded } from "../../test/seeded";
import { Playhead, SPEEDS } from "./playhead";

test.each([1, 5, 77, 4_242])(
  "each frame stands from its stored time to the next one, at any speed (seed %i)",
  (seed) => {
    const random = seeded(seed);
    const table = frameTable(uneven(random, 120));
    for (const speed of SPEEDS) {
      const playhead = new Playhead(table);
      playhead.setSpeed(speed, 0);
      playhead.play(1_000);
      let now = 1_000;
      for (let i = 0; i < 300; i += 1) {
        // Ticks come as a busy page gives them: 2 to 60 ms apart.
        now += 2 + random() * 58;
        const us = ((now - 1_000) * 1_000 * speed) % table.lengthUs;
        const due = playhead.due(now);
        // One microsecond of rounding at a border is not a wrong frame.
        expect([table.frameAt(us - 1), table.frameAt(us + 1)]).toContain(due);
      }
    }
  },
);

test("a changed speed goes on from the same place", () => {
  const table = frameTable(even(100, 10_000));
  const playhead = new Playhead(table);
  playhead.play(0);
  expect(playhead.due(105)).toBe(10);
  playhead.setSpeed(0.5, 105);
  expect(playhead.due(105)).toBe(10);
  expect(playhead.due(125)).toBe(11);
});

test("without a loop it stops on the last frame and plays from the start again", () => {
  const playhead = new Playhead(frameTable(even(10, 10_000)));
  playhead.setLoop(false);
  playhead.play(0);
  expect(playhead.due(5_000)).toBe(9);
  expect(playhead.playing).toBe(false);
  playhead.play(6_000);
  expect(playhead.due(6_001)).toBe(0);
});

test("a stretch plays from in to out and nothing else", () => {
  const random = seeded(11);
  const table = frameTable(uneven(random, 60));
  const playhead = new Playhead(table);
  playhead.setStretch({ from: 20, to: 31 });
  playhead.play(0);
  const seen = new Set<number>();
  for (let now = 0; now < 4_000; now += 1 + below(random, 9)) seen.add(playhead.due(now));
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => 20 + i));
});

test("a stretch that is turned around or one frame long is none", () => {
  const playhead = new Playhead(frameTable(even(10)));
  for (const stretch of [
    { from: 5, to: 5 },
    { from: 7, to: 2 },
  ]) {
    playhead.setStretch(stretch);
    expect(playhead.stretch).toEqual({ from: 0, to: 9 });
  }
});

test("a clock that steps back loses nothing", () => {
  const playhead = new Playhead(frameTable(even(10, 10_000)));
  playhead.play(100);
  expect(playhead.due(125)).toBe(2);
  expect(playhead.due(90)).toBe(2);
});

test("a clip whose times do not rise is not played", () => {
  const playhead = new Playhead(frameTable([0, 0, 0]));
  playhead.play(0);
  expect(playhead.playing).toBe(false);
});
