import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CaseFrames, MAX_HELD } from "./case-frames";

let open: Set<string>;
let most: number;
let asked: number[];
let bytes: number;
let broken: ReadonlySet<number>;

beforeEach(() => {
  [open, most, asked, bytes, broken] = [new Set(), 0, [], 100_000, new Set()];
  let made = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    made += 1;
    open.add(`blob:${made}`);
    most = Math.max(most, open.size);
    return `blob:${made}`;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void open.delete(url));
});

afterEach(() => vi.restoreAllMocks());

function clip(): CaseFrames {
  const fetch = async (index: number) => {
    asked.push(index);
    if (broken.has(index)) throw new Error("it does not come");
    return { size: bytes } as Blob;
  };
  return new CaseFrames(fetch, () => undefined);
}

function around(index: number, count = 30): number[] {
  return Array.from({ length: count }, (_, place) => index + place);
}

async function come(frames: CaseFrames, indices: readonly number[]): Promise<void> {
  frames.want(indices);
  const isComing = () => indices.some((index) => frames.url(index) === null);
  for (let turn = 0; turn < 1_000 && isComing(); turn += 1) await Promise.resolve();
  expect(isComing()).toBe(false);
}

test("of a recorded minute only a window is held, however far somebody goes", async () => {
  const frames = clip();
  for (let at = 0; at + 30 <= 3_600; at += 30) await come(frames, around(at));
  expect(asked).toHaveLength(3_600);
  expect(most).toBeLessThanOrEqual(MAX_HELD + 1);
  expect(frames.url(0), "it went, and comes again").toBeNull();
  await come(frames, around(0));
  frames.letGo();
  expect(open.size).toBe(0);
});

test("of large pictures fewer are held, and what is on the screen stays", async () => {
  bytes = 4 * 1024 * 1024;
  const frames = clip();
  for (let at = 0; at < 300; at += 10) await come(frames, around(at, 10));
  expect(most).toBeLessThanOrEqual(17);
});

test("nobody waits for a frame that did not come, and it is asked for when a person says so", async () => {
  broken = new Set([1]);
  const frames = clip();
  frames.want([0, 1, 2]);
  await vi.waitFor(() => expect([frames.url(2) !== null, frames.failed]).toEqual([true, true]));
  expect(asked).toEqual([0, 1, 2]);
  broken = new Set();
  frames.retry();
  await vi.waitFor(() => expect(frames.url(1)).not.toBeNull());
  expect(frames.failed).toBe(false);
});
