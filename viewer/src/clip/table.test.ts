import { expect, test } from "vitest";
import { clipTable, even, frameTable, uneven } from "../../test/clip-tables";
import { below, seeded } from "../../test/seeded";
import type { RtpTime } from "../wire/units";
import { FrameTable } from "./table";

const SEEDS = [1, 7, 42, 1_234, 99_991];

test.each(SEEDS)(
  "the frame at a time is the last one that has begun, however uneven they come (seed %i)",
  (seed) => {
    const random = seeded(seed);
    const times = uneven(random, 2 + below(random, 400));
    const table = frameTable(times);
    for (let i = 0; i < 500; i += 1) {
      const us = below(random, table.lengthUs + 100_000) - 50_000;
      const byLooking = Math.max(
        0,
        times.findLastIndex((at) => at <= us),
      );
      expect(table.frameAt(us)).toBe(byLooking);
    }
    for (const [index, at] of times.entries()) {
      expect(table.frameAt(at)).toBe(index);
      expect(table.frameAt(table.untilUs(index) - 1)).toBe(index);
    }
  },
);

test("time times rate would have been wrong on the same clip", () => {
  const times = uneven(seeded(3), 277);
  const table = frameTable(times);
  const rate = (times.length - 1) / ((times.at(-1) ?? 1) / 1_000_000);
  const wrong = times.filter((at, index) => Math.round((at / 1_000_000) * rate) !== index);
  expect(wrong.length).toBeGreaterThan(50);
  expect(times.every((at, index) => table.frameAt(at) === index)).toBe(true);
});

test.each(SEEDS)("a frame of the stream is found by its RTP time, also across the wrap (seed %i)", (seed) => {
  const random = seeded(seed);
  const times = uneven(random, 200);
  const table = frameTable(times, 2 ** 32 - below(random, 500_000));
  for (let index = 0; index < table.count; index += 1) {
    const rtp = table.rtpTime(index);
    expect(rtp).not.toBeNull();
    expect(table.indexOf(rtp as RtpTime)).toBe(index);
    // A tick beside it is no frame of this clip.
    expect(table.indexOf((((rtp as number) + 1) % 2 ** 32) as RtpTime)).toBeNull();
  }
});

test("a table whose numbers contradict each other is none", () => {
  expect(FrameTable.read(clipTable(even(5), 0, { frames: 6 }))).toBeNull();
  expect(FrameTable.read(clipTable([]))).toBeNull();
  expect(FrameTable.read(clipTable([0, -1]))).toBeNull();
  expect(FrameTable.read(clipTable([0, Number.NaN]))).toBeNull();
});

test("times that do not rise can be stepped and not played", () => {
  expect(frameTable([0, 33_333, 33_333]).canPlay).toBe(false);
  expect(frameTable([0]).canPlay).toBe(false);
  expect(frameTable(even(2)).canPlay).toBe(true);
});

test("the last frame stands as long as frames usually do", () => {
  expect(frameTable([0, 30_000, 60_000, 190_000]).lengthUs).toBe(190_000 + 30_000);
});

test("stretches that are here leave out what has not arrived", () => {
  const raw = clipTable(even(6));
  const frames = raw.frames.map((frame, i) => ({ ...frame, here: i !== 2 && i !== 5 }));
  const table = FrameTable.read({ ...raw, frames });
  expect(table?.here()).toEqual([
    { from: 0, to: 1 },
    { from: 3, to: 4 },
  ]);
  expect(table?.isWhole).toBe(false);
});
