import { expect, test } from "vitest";
import { clipTable, even, frameTable, uneven } from "../../test/clip-tables";
import { below, seeded } from "../../test/seeded";
import { Reel, SETTLED_MS, STARVED_MS } from "./reel";
import { FrameTable } from "./table";

type Picture = { readonly index: number; close(): void };

/** Frames come after `delayMs` of the test's own clock. */
function slowly(delayMs: (index: number, now: number) => number) {
  const coming: { readonly index: number; readonly at: number; resolve: (picture: Picture) => void }[] = [];
  let now = 0;
  return {
    load: (index: number, signal: AbortSignal) =>
      new Promise<Picture>((resolve, reject) => {
        coming.push({ index, at: now + delayMs(index, now), resolve });
        signal.addEventListener("abort", () => reject(new Error("not wanted")));
      }),
    async until(moment: number) {
      now = moment;
      for (const one of coming.filter(({ at }) => at <= now)) {
        coming.splice(coming.indexOf(one), 1);
        one.resolve({ index: one.index, close: () => undefined });
      }
      for (let i = 0; i < 6; i += 1) await Promise.resolve();
    },
  };
}

const nothing = () => undefined;

/** Runs a reel for a while; gives what came on the glass, and when. */
async function run(
  reel: Reel<Picture>,
  relay: ReturnType<typeof slowly>,
  from: number,
  to: number,
  stepMs = 8,
) {
  const shown: { readonly at: number; readonly index: number }[] = [];
  for (let now = from; now < to; now += stepMs) {
    await relay.until(now);
    const due = reel.tick(now);
    if (due === null) continue;
    expect(due.picture.index).toBe(due.index);
    shown.push({ at: now, index: due.index });
  }
  return shown;
}

test.each([1, 23, 456])("played from a fast relay every frame stands at its time (seed %i)", async (seed) => {
  const table = frameTable(uneven(seeded(seed), 100));
  const relay = slowly(() => 3);
  const reel = new Reel<Picture>(table, relay.load, nothing, nothing);
  await run(reel, relay, 0, 400);
  reel.play(400);
  const shown = await run(reel, relay, 400, 400 + table.lengthUs / 1_000 - 40, 4);
  for (const { at, index } of shown) {
    const lateMs = at - 400 - table.atUs(index) / 1_000;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThanOrEqual(8);
  }
  expect(shown.length).toBeGreaterThan(95);
});

test("a slow decoder drops frames and keeps to real time", async () => {
  const table = frameTable(even(120));
  // Four at once, each 200 ms: 20 frames a second for 30.
  const relay = slowly(() => 200);
  const reel = new Reel<Picture>(table, relay.load, nothing, nothing);
  reel.play(0);
  const shown = await run(reel, relay, 0, 3_000);
  const numbers = shown.map(({ index }) => index);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(shown.length).toBeGreaterThan(10);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("when nothing comes it stands still, says so, and goes on from the same frame", async () => {
  const table = frameTable(even(90));
  const backAt = 6_000;
  const relay = slowly((index, now) => (index > 70 ? Math.max(2, backAt - now) : 2));
  const reel = new Reel<Picture>(table, relay.load, nothing, nothing);
  await run(reel, relay, 0, 300);
  reel.play(300);
  const before = await run(reel, relay, 300, backAt);
  expect(before.at(-1)?.index).toBe(70);
  expect(reel.waiting).toBe(true);
  const after = await run(reel, relay, backAt, backAt + 400);
  expect(after.map(({ index }) => index).slice(0, 5)).toEqual([71, 72, 73, 74, 75]);
  expect(reel.waiting).toBe(false);
});

test("while what goes along with it is late it stands on its frame, says so, and goes on from there", async () => {
  const table = frameTable(even(90));
  const relay = slowly(() => 2);
  const reel = new Reel<Picture>(table, relay.load, nothing, nothing);
  await run(reel, relay, 0, 300);
  reel.play(300);
  const [before] = (await run(reel, relay, 300, 800)).slice(-1);
  const late: number[] = [];
  for (let now = 800; now < 2_800; now += 8) {
    await relay.until(now);
    const due = reel.tick(now, true);
    if (due !== null) late.push(due.index);
  }
  expect(reel.waiting).toBe(true);
  const stood = late.at(-1) ?? 0;
  // It ran on for as long as a late picture may take.
  const ranMs = (table.atUs(stood) - table.atUs(before?.index ?? 0)) / 1_000;
  expect(ranMs).toBeGreaterThan(STARVED_MS / 2);
  expect(ranMs).toBeLessThanOrEqual(STARVED_MS + 34);
  const after = await run(reel, relay, 2_800, 3_200);
  expect(after.map(({ index }) => index).slice(0, 3)).toEqual([stood + 1, stood + 2, stood + 3]);
  expect(reel.waiting).toBe(false);
  // One that stands is not waited for by anybody.
  reel.pause(3_200);
  reel.seek(10, 3_200);
  await relay.until(3_240);
  reel.tick(3_240, true);
  await relay.until(3_280);
  reel.tick(3_280, true);
  expect([reel.shown, reel.waiting]).toEqual([10, false]);
});

test("a frame that has not arrived is not shown, and no other in its place", async () => {
  const raw = clipTable(even(30));
  const partly = { ...raw, frames: raw.frames.map((frame, i) => ({ ...frame, here: i < 10 })) };
  const relay = slowly(() => 2);
  const reel = new Reel<Picture>(FrameTable.read(partly) as FrameTable, relay.load, nothing, nothing);
  await run(reel, relay, 0, 200);
  reel.seek(20, 200);
  expect(await run(reel, relay, 200, 200 + STARVED_MS + 100)).toEqual([]);
  expect([reel.shown, reel.target, reel.waiting]).toEqual([0, 20, true]);
  reel.renew(frameTable(even(30)));
  const shown = await run(reel, relay, 700, 900);
  expect(shown.map(({ index }) => index)).toEqual([20]);
});

test.each([3, 31, 314])("a thousand random seeks each end on their frame (seed %i)", async (seed) => {
  const random = seeded(seed);
  const table = frameTable(uneven(random, 300));
  const relay = slowly(() => below(random, 30));
  const reel = new Reel<Picture>(table, relay.load, nothing, nothing);
  let now = 0;
  for (let i = 0; i < 1_000; i += 1) {
    const wanted = below(random, table.count);
    reel.seek(wanted, now);
    // Some are overtaken by the next one before they are here.
    const shown = await run(reel, relay, now, now + (random() < 0.3 ? 10 : 45), 5);
    now += 50;
    for (const { index } of shown) expect(index).toBe(wanted);
  }
});

test("neighbours are asked for only when the scrubbing is over", async () => {
  const asked: number[] = [];
  const relay = slowly(() => 1);
  const reel = new Reel<Picture>(
    frameTable(even(100)),
    (index, signal) => {
      asked.push(index);
      return relay.load(index, signal);
    },
    nothing,
    nothing,
  );
  reel.seek(50, 1_000);
  await run(reel, relay, 1_000, 1_000 + SETTLED_MS - 10);
  expect(asked).toEqual([50]);
  await run(reel, relay, 1_000 + SETTLED_MS, 1_400);
  expect(asked.slice(1, 3)).toEqual([51, 52]);
});

test("stopping stays on the frame that was on the glass", async () => {
  const relay = slowly(() => 1);
  const reel = new Reel<Picture>(frameTable(even(100)), relay.load, nothing, nothing);
  await run(reel, relay, 0, 300);
  reel.play(300);
  await run(reel, relay, 300, 1_000);
  const { shown } = reel;
  reel.pause(1_030);
  expect(await run(reel, relay, 1_030, 1_300)).toEqual([]);
  expect([reel.shown, reel.target]).toEqual([shown, shown]);
});
