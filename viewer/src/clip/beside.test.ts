import { computed, signal } from "@preact/signals";
import { beforeEach, describe, expect, test } from "vitest";
import { even, frameTable, uneven } from "../../test/clip-tables";
import { below, seeded } from "../../test/seeded";
import { Beside } from "./beside";
import type { ClipPlayer } from "./player";
import type { FrameTable } from "./table";

/** Three seconds at 30 frames a second, and two seconds at 50. */
const SLOW = frameTable(even(90));
const FAST = frameTable(even(100, 20_000));

/** What of a player the pairing looks at and moves: the follower stands where it is told to. */
function standing(begins: FrameTable | null) {
  const shown = signal<number | null>(0);
  const table = signal(begins);
  const moves: number[] = [];
  const glassUs = computed(() => (shown.value === null ? null : (table.value?.atUs(shown.value) ?? null)));
  const goTo = (us: number) => {
    if (table.value === null) return;
    const index = table.value.frameAt(us);
    moves.push(index);
    shown.value = index;
  };
  /** What its clock waits for. */
  const waits = new Set<() => boolean>();
  const waitFor = (isLate: () => boolean) => {
    waits.add(isLate);
    return () => waits.delete(isLate);
  };
  const player = { glassUs, goTo, waitFor, isLate: false };
  return { player: player as unknown as ClipPlayer, late: player, table, shown, moves, waits };
}

let leader: ReturnType<typeof standing>;
let follower: ReturnType<typeof standing>;
let beside: Beside;

function pair(one: FrameTable | null, other: FrameTable | null): void {
  leader = standing(one);
  follower = standing(other);
  beside = new Beside(leader.player, follower.player);
}

/** Sets an R wave at a frame of a clip. */
function beat(of: typeof leader, index: number): void {
  of.shown.value = index;
  beside.toggleBeat(of.player);
}

beforeEach(() => pair(SLOW, FAST));

describe("side by side by time", () => {
  test("the follower shows the frame that stands at the leader's moment, at a rate of its own", () => {
    for (const [index, there] of [
      [0, 0],
      [1, 1],
      [3, 4],
      [30, 49],
      [59, 98],
    ] as const) {
      leader.shown.value = index;
      expect(follower.shown.value, `frame ${index}`).toBe(there);
      // It has begun by then, and the next one has not.
      expect(FAST.atUs(there)).toBeLessThanOrEqual(SLOW.atUs(index));
      expect(FAST.untilUs(there)).toBeGreaterThan(SLOW.atUs(index));
    }
  });

  test("the shorter clip stands on its last frame until the leader begins anew", () => {
    leader.shown.value = 89;
    expect(follower.shown.value).toBe(99);
    leader.shown.value = 0;
    expect(follower.shown.value).toBe(0);
  });

  test("the shorter clip that leads shows only the beginning of the longer one", () => {
    pair(FAST, SLOW);
    leader.shown.value = 99;
    expect(follower.shown.value).toBe(59);
  });

  test.each([5, 55, 555])("times that are uneven are met as they are (seed %i)", (seed) => {
    const random = seeded(seed);
    const tables = [frameTable(uneven(random, 200)), frameTable(uneven(random, 150))] as const;
    pair(...tables);
    for (let i = 0; i < 200; i += 1) {
      const index = below(random, 200);
      leader.shown.value = index;
      const us = tables[0].atUs(index);
      const there = follower.shown.value ?? -1;
      expect(tables[1].atUs(there)).toBeLessThanOrEqual(us);
      if (there < tables[1].count - 1) expect(tables[1].untilUs(there)).toBeGreaterThan(us);
    }
  });
});

describe("side by side by the phase of the heart", () => {
  beforeEach(() => {
    beside.pairing.value = "phase";
  });

  test("R waves lie on R waves and the middle of a slow beat on the middle of a fast one", () => {
    // A beat of a second, and one of 600 ms.
    for (const index of [15, 45]) beat(leader, index);
    for (const index of [20, 50]) beat(follower, index);
    for (const [index, there] of [
      [15, 20],
      [30, 35],
      [45, 50],
      // Before and behind them the beat goes on.
      [0, 5],
      [60, 65],
    ] as const) {
      leader.shown.value = index;
      expect(follower.shown.value, `frame ${index}`).toBe(there);
    }
  });

  test("one R wave in each shifts the two, and the ends of the clips hold", () => {
    beat(leader, 30);
    beat(follower, 10);
    leader.shown.value = 30;
    expect(follower.shown.value).toBe(10);
    leader.shown.value = 0;
    expect(follower.shown.value).toBe(0);
    leader.shown.value = 89;
    expect(follower.shown.value).toBe(99);
  });

  test("without R waves it is by time, and a beat that is set or taken away moves the follower at once", () => {
    leader.shown.value = 30;
    expect(follower.shown.value).toBe(49);
    beat(follower, 10);
    expect(follower.shown.value, "one clip alone says nothing").toBe(49);
    leader.shown.value = 29;
    beat(leader, 30);
    expect(follower.shown.value).toBe(10);
    expect(beside.beats(leader.player).value).toEqual([SLOW.atUs(30)]);
    beside.toggleBeat(leader.player);
    expect(beside.beats(leader.player).value).toEqual([]);
    expect(follower.shown.value).toBe(49);
  });
});

test("apart, nothing follows, and what is set together again meets at once", () => {
  beside.pairing.value = "apart";
  const before = follower.moves.length;
  leader.shown.value = 30;
  expect(follower.moves).toHaveLength(before);
  beside.pairing.value = "time";
  expect(follower.shown.value).toBe(49);
});

test("the leader's clock waits for a follower that is late, unless the two are apart or closed", () => {
  const waits = () => [...leader.waits].some((isLate) => isLate());
  expect(waits()).toBe(false);
  follower.late.isLate = true;
  expect(waits()).toBe(true);
  beside.pairing.value = "apart";
  expect(waits()).toBe(false);
  beside.pairing.value = "phase";
  expect(waits()).toBe(true);
  beside.close();
  expect(waits()).toBe(false);
});

test("nothing moves before both tables are here, nor after it was closed", () => {
  pair(SLOW, null);
  leader.shown.value = 30;
  beside.toggleBeat(follower.player);
  expect([follower.moves, beside.beats(follower.player).value]).toEqual([[], []]);
  follower.table.value = FAST;
  expect(follower.shown.value).toBe(49);
  beside.close();
  leader.shown.value = 0;
  expect(follower.shown.value).toBe(49);
});
