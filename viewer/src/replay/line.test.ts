import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamId } from "../wire/ids";
import { FrameLine } from "./line";
import { PictureTable } from "./table";

const FIRST = 161_550_000_000_000;
const STEP = 3_000;

/** A decoder that gives each frame out at once, and refuses what no decoder takes. */
class FakeDecoder {
  static fed: number[] = [];
  static open = 0;
  static isConfigSupported = () => Promise.resolve({ supported: true });
  state: "unconfigured" | "configured" | "closed" = "unconfigured";
  decodeQueueSize = 0;
  #needsKey = true;
  constructor(readonly about: { output: (frame: object) => void; error: (cause: unknown) => void }) {
    FakeDecoder.open += 1;
  }
  configure() {
    this.state = "configured";
  }
  decode({ type, timestamp }: { type: string; timestamp: number }) {
    if (this.#needsKey && type !== "key") throw new Error("it begins with a key frame");
    this.#needsKey = false;
    FakeDecoder.fed.push((timestamp - FIRST) / STEP);
    queueMicrotask(() => {
      if (this.state === "configured") this.about.output({ timestamp, close: () => undefined });
    });
  }
  flush() {
    this.#needsKey = true;
    return Promise.resolve();
  }
  close() {
    this.state = "closed";
    FakeDecoder.open -= 1;
  }
}

beforeEach(() => {
  FakeDecoder.fed = [];
  FakeDecoder.open = 0;
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal(
    "EncodedVideoChunk",
    class {
      constructor(chunk: object) {
        Object.assign(this, chunk);
      }
    },
  );
  vi.stubGlobal("createImageBitmap", ({ timestamp }: { timestamp: number }) =>
    Promise.resolve({ width: 800, height: 600, timestamp, close: () => undefined }),
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function table(count: number, keys: number[]): PictureTable {
  const steps = Array.from({ length: count }, (_, index) => (index === 0 ? 0 : STEP));
  const codings = [{ from: 0, codec: "avc1.42c01f", width: 800, height: 600 }];
  const part = { first: FIRST, steps, bytes: steps, keys, filled: [], codings, next: null };
  return PictureTable.of("s" as StreamId, [part], [], []);
}

function lineOf(of: PictureTable, spoilt: ReadonlySet<number> = new Set()): FrameLine {
  const unit = (held: PictureTable, index: number) =>
    Promise.resolve({
      tick: held.ticks[index] ?? 0,
      isKey: held.keys.includes(index),
      isFilled: false,
      bytes: spoilt.has(index) ? null : new Uint8Array(4),
    });
  return new FrameLine(
    of,
    unit,
    () => undefined,
    (cause) => {
      throw cause;
    },
  );
}

async function shows(line: FrameLine, index: number): Promise<number> {
  line.aim(index);
  await vi.waitFor(() => expect(line.picture(index)).not.toBeNull());
  return ((line.picture(index) as unknown as { timestamp: number }).timestamp - FIRST) / STEP;
}

test("a seek begins at the key frame before, and shows the very frame", async () => {
  const line = lineOf(table(300, [0, 100, 200]));
  for (const index of [150, 20, 299, 100, 99, 0]) expect(await shows(line, index)).toBe(index);
  expect(FakeDecoder.fed.slice(0, 3)).toEqual([100, 101, 102]);
});

test("playing through a long group decodes each frame once", async () => {
  const line = lineOf(table(400, [0]));
  for (let index = 0; index < 400; index += 1) expect(await shows(line, index)).toBe(index);
  expect(FakeDecoder.fed).toEqual(Array.from({ length: 400 }, (_, index) => index));
});

test("steps back a little decode nothing", async () => {
  const line = lineOf(table(400, [0]));
  await shows(line, 200);
  const fed = FakeDecoder.fed.length;
  for (let index = 200; index > 180; index -= 1) expect(await shows(line, index)).toBe(index);
  expect(FakeDecoder.fed.length).toBeLessThan(fed + 13);
});

test("behind a damaged frame nothing is shown up to the next key frame, and the rest plays", async () => {
  const line = lineOf(table(60, [0, 30]), new Set([10]));
  expect(await shows(line, 9)).toBe(9);
  line.aim(15);
  await vi.waitFor(() => expect(line.isLost(15)).toBe(true));
  expect(line.isLost(29)).toBe(true);
  expect(await shows(line, 31)).toBe(31);
});

test("a recording that healed keeps its pictures under their moments, and what is closed holds no decoder", async () => {
  const line = lineOf(table(60, [0]));
  await shows(line, 10);
  line.renew(table(90, [0]));
  expect(line.picture(10)).not.toBeNull();
  expect(await shows(line, 80)).toBe(80);
  line.close();
  expect(FakeDecoder.open).toBe(0);
  expect(line.picture(80)).toBeNull();
});
