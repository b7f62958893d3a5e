import { describe, expect, test } from "vitest";
import type { StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { ReplayFrames } from "../wire/replay";
import type { RtpTime } from "../wire/units";
import { PictureTable } from "./table";
import { ticksToUs, widen } from "./timing";

const STREAM = "s" as StreamId;
/** 30 per second. */
const STEP = 3_000;
/** RTP time comes round in the middle of the recording. */
const FIRST = 37_650 * 2 ** 32 - 10 * STEP;

function part(steps: readonly number[], about: Partial<ReplayFrames> = {}): ReplayFrames {
  const codings = [{ from: 0, codec: "avc1.42c01f", width: 800, height: 600 }];
  const bytes = steps.map(() => 10);
  return { first: FIRST, steps: [...steps], bytes, keys: [0], filled: [], codings, next: null, ...about };
}

function even(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? 0 : STEP));
}

function timed(tick: number, aheadUs: number): LogEntry {
  const capturedRelay = Math.round(ticksToUs(tick) + aheadUs);
  const event = { type: "streamTimed", stream: STREAM, rtpTime: tick % 2 ** 32, capturedRelay, errorUs: 100 };
  return { seq: 1, at: capturedRelay, author: { type: "relay" }, event } as unknown as LogEntry;
}

describe("frames on the relay's time", () => {
  test("a frame is due from its own moment until that of the next one", () => {
    const table = PictureTable.of(STREAM, [part(even(30))], [], []);
    for (let index = 0; index < 30; index += 1) {
      const us = table.atUs[index] ?? 0;
      expect(table.at(us)).toBe(index);
      expect(table.at(us - 0.5)).toBe(index - 1);
    }
  });

  test("a frame is found by its stamp on both sides of the wrap, and one that is not there is not", () => {
    const table = PictureTable.of(STREAM, [part(even(30))], [], []);
    for (const index of [0, 9, 10, 29]) {
      const rtpTime = ((FIRST + index * STEP) % 2 ** 32) as RtpTime;
      expect(table.find(rtpTime, table.atUs[0] ?? 0)).toBe(index);
    }
    expect(table.find(((FIRST + 5) % 2 ** 32) as RtpTime, table.atUs[0] ?? 0)).toBeNull();
  });

  test("a device whose clock is hours off lies where the log says, also when it moves", () => {
    const hours = -9 * 3_600 * 1e6;
    const entries = [timed(FIRST + 2 * STEP, hours), timed(FIRST + 20 * STEP, hours + 400_000)];
    const table = PictureTable.of(STREAM, [part(even(30))], [], entries);
    expect(table.atUs[0]).toBeCloseTo(ticksToUs(FIRST) + hours, -1);
    expect((table.atUs[20] ?? 0) - (table.atUs[19] ?? 0)).toBeCloseTo(433_333, -1);
    for (let index = 1; index < 30; index += 1)
      expect(table.atUs[index] ?? 0).toBeGreaterThan(table.atUs[index - 1] ?? 0);
  });

  test("without a word of the log it begins when its picture did, unless the clocks agree", () => {
    const began = (at: number) =>
      ({ seq: 1, at, event: { type: "streamStarted", stream: STREAM } }) as unknown as LogEntry;
    const far = ticksToUs(FIRST) + 3_600e6;
    expect(PictureTable.of(STREAM, [part(even(3))], [], [began(far)]).atUs[0]).toBeCloseTo(far, -1);
    const near = ticksToUs(FIRST) + 300_000;
    expect(PictureTable.of(STREAM, [part(even(3))], [], [began(near)]).atUs[0]).toBeCloseTo(
      ticksToUs(FIRST),
      -1,
    );
  });
});

describe("what is there", () => {
  test("parts of a table are one, with keys, codings and what was filled in", () => {
    const second = part([0, STEP, STEP], { first: FIRST + 30 * STEP, keys: [1], filled: [[0, 2]] });
    const table = PictureTable.of(STREAM, [part(even(30)), second], [], []);
    expect(table.count).toBe(33);
    expect(table.keys).toEqual([0, 31]);
    expect([...table.isFilled].map((is, index) => (is === 1 ? index : -1)).filter((is) => is >= 0)).toEqual([
      30, 31,
    ]);
    expect(table.keyBefore(30)).toBe(0);
    expect(table.keyBefore(32)).toBe(31);
    expect(table.bands().map(({ what }) => what)).toEqual(["live", "filled", "live"]);
  });

  test("a hole is never covered with what was before it, and nothing behind it is decoded before the next key frame", () => {
    const steps = [...even(10), 20 * STEP, ...even(9).slice(1)];
    const after = FIRST + 29 * STEP;
    const gap = { before: (FIRST + 9 * STEP) % 2 ** 32, after: after % 2 ** 32, percent: null };
    const table = PictureTable.of(STREAM, [part(steps, { keys: [0, 14] })], [gap as never], []);
    const hole = (table.atUs[9] ?? 0) + 600_000;
    expect(table.isCovered(table.atUs[9] ?? 0)).toBe(true);
    expect(table.isCovered(hole)).toBe(false);
    expect([...table.isSound]).toEqual([...Array(10).fill(1), ...Array(4).fill(0), ...Array(5).fill(1)]);
    expect(table.bands().map(({ what }) => what)).toEqual(["live", "missing", "live"]);
    const off = PictureTable.of(STREAM, [part(steps, { keys: [0, 14] })], [], []);
    expect(off.isSound[10], "a device that was off broke no chain").toBe(1);
    const healed = PictureTable.of(STREAM, [part(even(40))], [gap as never], []);
    expect(
      healed.isSound.every((is) => is === 1),
      "a log that was closed before it healed",
    ).toBe(true);
  });

  test("nothing recorded is nothing", () => {
    const table = PictureTable.of(STREAM, [part([], { first: 0, keys: [], codings: [] })], [], []);
    expect([table.count, table.at(5), table.isCovered(5), table.keyBefore(0)]).toEqual([0, -1, false, null]);
    expect(table.bands()).toEqual([]);
  });
});

test("an RTP time is widened to the nearest moment", () => {
  for (const away of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31) + 1]) {
    const near = 5 * 2 ** 32 + 7;
    const tick = near + away;
    expect(widen(((tick % 2 ** 32) + 2 ** 32) % 2 ** 32, near)).toBe(tick);
  }
});

describe("a table that healed", () => {
  const places = (same: ReadonlySet<number>) => [...same].map((tick) => (tick - FIRST) / STEP);
  const whole = (about: Partial<ReplayFrames> = {}) =>
    PictureTable.of(STREAM, [part(even(12), { keys: [0, 8], ...about })], [], []);

  test("keeps what stands on the same frames, up to the next key frame too", () => {
    const steps = [0, STEP, STEP, 3 * STEP, STEP, STEP, STEP, STEP, STEP, STEP];
    const holed = PictureTable.of(STREAM, [part(steps, { keys: [0, 6] })], [], []);
    expect(places(whole().sameAs(holed))).toEqual([0, 1, 2, 8, 9, 10, 11]);
    expect(whole().sameAs(whole()).size).toBe(12);
  });

  test("knows a frame that was replaced by a better one", () => {
    const bytes = Array.from({ length: 12 }, (_, index) => (index === 5 ? 99 : 10));
    expect(places(whole({ bytes, filled: [[5, 1]] }).sameAs(whole()))).toEqual([0, 1, 2, 3, 4, 8, 9, 10, 11]);
    expect(places(whole({ keys: [0, 4, 8] }).sameAs(whole()))).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
  });
});
