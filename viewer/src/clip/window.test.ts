import { expect, test } from "vitest";
import { below, seeded } from "../../test/seeded";
import { FrameWindow, framesAround, MAX_WINDOW_FRAMES, PARALLEL_LOADS, windowFrames } from "./window";

/** A picture that notices how often it is closed. */
class Picture {
  closed = 0;
  constructor(readonly index: number) {}
  close(): void {
    this.closed += 1;
  }
}

/** A relay that answers when the test says so. */
function slowRelay() {
  const waiting = new Map<
    number,
    { resolve: (picture: Picture) => void; reject: (cause: Error) => void }[]
  >();
  const made: Picture[] = [];
  const asked: number[] = [];
  const take = (index: number) => {
    const first = waiting.get(index)?.shift();
    if (waiting.get(index)?.length === 0) waiting.delete(index);
    return first;
  };
  return {
    made,
    asked,
    open: () => [...waiting.keys()],
    load: (index: number) => {
      asked.push(index);
      return new Promise<Picture>((resolve, reject) => {
        waiting.set(index, [...(waiting.get(index) ?? []), { resolve, reject }]);
      });
    },
    async answer(index: number) {
      const picture = new Picture(index);
      made.push(picture);
      take(index)?.resolve(picture);
      await settle();
    },
    async refuse(index: number) {
      take(index)?.reject(new Error("lost"));
      await settle();
    },
  };
}

const settle = async () => {
  for (let i = 0; i < 4; i += 1) await Promise.resolve();
};
const nothing = () => undefined;

test("the frame under the eyes is asked for alone, then those ahead", async () => {
  const relay = slowRelay();
  const window = new FrameWindow(relay.load, nothing, nothing);
  window.aim(framesAround(10, 20, { from: 0, to: 99 }, true, 99));
  expect(relay.asked).toEqual([10]);
  await relay.answer(10);
  expect(relay.asked).toEqual([10, 11, 12, 13, 14]);
  expect(window.loadingCount).toBe(PARALLEL_LOADS);
});

test("around the end of a loop its beginning is wanted", () => {
  expect(framesAround(98, 10, { from: 90, to: 99 }, true, 99).slice(0, 5)).toEqual([98, 99, 90, 91, 92]);
  expect(framesAround(98, 6, { from: 0, to: 99 }, false, 99)).toEqual([98, 99, 97, 96, 95, 94]);
});

test.each([2, 19, 333, 8_080])(
  "whatever is aimed at, few are held and each is closed once (seed %i)",
  async (seed) => {
    const random = seeded(seed);
    const relay = slowRelay();
    const size = 12;
    const window = new FrameWindow(relay.load, nothing, nothing);
    for (let i = 0; i < 400; i += 1) {
      const open = relay.open();
      const dice = random();
      if (dice < 0.4 || open.length === 0) {
        const centre = below(random, 200);
        window.aim(framesAround(centre, size, { from: 0, to: 199 }, true, 199), random() < 0.3);
      } else if (dice < 0.9) await relay.answer(open[below(random, open.length)] ?? 0);
      else await relay.refuse(open[below(random, open.length)] ?? 0);
      if (random() < 0.05) window.forgive();
      expect(window.heldCount).toBeLessThanOrEqual(size);
      expect(window.loadingCount).toBeLessThanOrEqual(PARALLEL_LOADS + 1);
      for (let index = 0; index < 200; index += 1) {
        const held = window.get(index);
        if (held !== null) expect([held.index, held.closed]).toEqual([index, 0]);
      }
    }
    window.close();
    for (const index of relay.open()) await relay.answer(index);
    expect(relay.made.filter((picture) => picture.closed !== 1)).toEqual([]);
  },
);

test("a frame that failed is told once and asked for again when it is forgiven", async () => {
  const relay = slowRelay();
  const failed: number[] = [];
  const window = new FrameWindow(relay.load, nothing, (index) => failed.push(index));
  window.aim([5]);
  await relay.refuse(5);
  window.aim([5]);
  expect([failed, relay.asked]).toEqual([[5], [5]]);
  window.forgive();
  expect(relay.asked).toEqual([5, 5]);
});

test("large pictures make the window smaller, so that memory stays bounded", () => {
  expect(windowFrames(800, 600)).toBe(MAX_WINDOW_FRAMES);
  expect(windowFrames(1_920, 1_080)).toBe(16);
  expect(windowFrames(8_000, 8_000)).toBe(8);
});
