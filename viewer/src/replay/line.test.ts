import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StreamId } from "../wire/ids";
import { FrameLine, MAX_PICTURE_BYTES } from "./line";
import { PictureTable } from "./table";

const FIRST = 161_550_000_000_000;
const STEP = 3_000;

/** A decoder that gives each frame out at once, and refuses what no decoder takes. */
class FakeDecoder {
  static fed: number[] = [];
  static open = 0;
  /** Of its pictures. */
  static width = 800;
  static height = 600;
  static held = 0;
  static most = 0;
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
  reset() {
    this.state = "unconfigured";
    this.#needsKey = true;
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
  FakeDecoder.open = FakeDecoder.held = FakeDecoder.most = 0;
  [FakeDecoder.width, FakeDecoder.height] = [800, 600];
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal(
    "EncodedVideoChunk",
    class {
      constructor(chunk: object) {
        Object.assign(this, chunk);
      }
    },
  );
  vi.stubGlobal("createImageBitmap", ({ timestamp }: { timestamp: number }) => {
    FakeDecoder.held += 1;
    FakeDecoder.most = Math.max(FakeDecoder.most, FakeDecoder.held);
    const close = () => {
      FakeDecoder.held -= 1;
    };
    const { width, height } = FakeDecoder;
    return Promise.resolve({ width, height, timestamp, close });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Of so many frames, without those that did not arrive. */
function table(
  count: number,
  keys: number[],
  missing: ReadonlySet<number> = new Set(),
  otherwise: readonly (readonly [number, string])[] = [],
): PictureTable {
  const here = Array.from({ length: count }, (_, index) => index).filter((index) => !missing.has(index));
  const steps = here.map((index, place) => (index - (here[place - 1] ?? index)) * STEP);
  const codings = [[0, "avc1.42c01f"] as const, ...otherwise].map(([from, codec]) => {
    return { from, codec, width: FakeDecoder.width, height: FakeDecoder.height };
  });
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
    () => undefined,
    (cause) => {
      throw cause;
    },
  );
}

async function shows(line: FrameLine, index: number): Promise<number> {
  line.aim(index);
  await vi.waitFor(() => expect(line.picture(index)).not.toBeNull(), { interval: 1 });
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

test("what is filled in makes that be decoded anew which was decoded without it", async () => {
  const holed = table(60, [0, 30], new Set([10, 11, 12]));
  const line = lineOf(holed);
  await shows(line, holed.indexOf(FIRST + 15 * STEP));
  const whole = table(60, [0, 30]);
  line.renew(whole);
  expect(line.picture(9)).not.toBeNull();
  expect(line.picture(13), "it was decoded without the three before it").toBeNull();
  FakeDecoder.fed = [];
  expect(await shows(line, 15)).toBe(15);
  expect(FakeDecoder.fed.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, index) => index));
});

test("a frame that is another one by now is not decoded, and the table is asked for", async () => {
  const old = table(60, [0]);
  const stale = vi.fn();
  const unit = (held: PictureTable, index: number) =>
    Promise.resolve(
      held === old && index >= 20
        ? null
        : { tick: held.ticks[index] ?? 0, isKey: index === 0, isFilled: false, bytes: new Uint8Array(4) },
    );
  const fault = vi.fn();
  const line = new FrameLine(old, unit, () => undefined, stale, fault);
  line.aim(30);
  await vi.waitFor(() => expect(stale).toHaveBeenCalledTimes(1));
  line.aim(31);
  expect(line.isLost(31)).toBe(false);
  line.renew(table(60, [0]));
  expect(await shows(line, 31)).toBe(31);
  expect([stale.mock.calls.length, fault.mock.calls.length]).toEqual([1, 0]);
});

describe.each([
  [1_920, 1_080],
  [4_096, 2_304],
])("pictures of %d x %d", (width, height) => {
  beforeEach(() => {
    [FakeDecoder.width, FakeDecoder.height] = [width, height];
  });

  test("are held as far as they fit, and playing decodes each once", async () => {
    const line = lineOf(table(200, [0]));
    for (let index = 0; index < 200; index += 1) expect(await shows(line, index)).toBe(index);
    expect(FakeDecoder.fed).toEqual(Array.from({ length: 200 }, (_, index) => index));
    for (let index = 199; index > 180; index -= 1) expect(await shows(line, index)).toBe(index);
    // One comes before another one goes.
    expect((FakeDecoder.most - 1) * width * height * 4).toBeLessThanOrEqual(MAX_PICTURE_BYTES);
  });
});

test("what nobody looks at holds no picture and no decoder, until somebody does again", async () => {
  const line = lineOf(table(60, [0]));
  line.renew(table(90, [0]));
  await Promise.resolve();
  expect(FakeDecoder.fed, "nobody looked at it yet").toEqual([]);
  await shows(line, 10);
  line.aim(40);
  line.rest();
  await vi.waitFor(() => expect([FakeDecoder.held, FakeDecoder.open]).toEqual([0, 0]));
  line.renew(table(90, [0]));
  await new Promise((done) => setTimeout(done));
  expect([FakeDecoder.held, FakeDecoder.open]).toEqual([0, 0]);
  expect(await shows(line, 50)).toBe(50);
});

/** A decoder on a busy machine: it begins late, takes one frame at a time, and keeps the last one until the next comes. */
class SlowDecoder extends FakeDecoder {
  static begins = 0;
  static flushes = 0;
  static takesMs = 20;
  static beginsMs = 600;
  ondequeue: (() => void) | null = null;
  #queue: number[] = [];
  #held: number | null = null;
  #run = 0;
  #flushed: (() => void) | null = null;
  override configure() {
    super.configure();
    SlowDecoder.begins += 1;
    this.#run += 1;
    this.#next(this.#run, SlowDecoder.beginsMs);
  }
  override decode({ timestamp }: { timestamp: number }) {
    FakeDecoder.fed.push((timestamp - FIRST) / STEP);
    this.#queue.push(timestamp);
    this.decodeQueueSize = this.#queue.length;
  }
  override reset() {
    super.reset();
    this.#run += 1;
    this.#queue = [];
    this.#held = null;
    this.decodeQueueSize = 0;
  }
  override flush() {
    SlowDecoder.flushes += 1;
    return new Promise<void>((resolve) => {
      this.#flushed = resolve;
    });
  }
  #next(run: number, ms: number) {
    setTimeout(() => {
      if (run !== this.#run || this.state !== "configured") return;
      const taken = this.#queue.shift();
      this.decodeQueueSize = this.#queue.length;
      const gives = taken === undefined && this.#flushed === null ? null : this.#held;
      if (gives !== null) this.about.output({ timestamp: gives, close: () => undefined });
      if (taken !== undefined) this.#held = taken;
      else if (this.#flushed !== null) {
        this.#held = null;
        this.#flushed();
        this.#flushed = null;
      }
      if (taken !== undefined) this.ondequeue?.();
      this.#next(run, SlowDecoder.takesMs);
    }, ms);
  }
}

describe("a decoder on a busy machine", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("VideoDecoder", SlowDecoder);
    SlowDecoder.begins = SlowDecoder.flushes = 0;
  });
  afterEach(() => vi.useRealTimers());

  async function comes(line: FrameLine, index: number, withinMs: number): Promise<void> {
    line.aim(index);
    for (let ms = 0; ms < withinMs && line.picture(index) === null; ms += 10)
      await vi.advanceTimersByTimeAsync(10);
    expect((line.picture(index) as unknown as { timestamp: number } | null)?.timestamp).toBe(
      FIRST + index * STEP,
    );
  }

  test("is let be slow: stepping back begins anew from the key frame once, and goes through to the frame", async () => {
    const line = lineOf(table(400, [0]));
    await comes(line, 150, 5_000);
    expect([SlowDecoder.begins, SlowDecoder.flushes]).toEqual([1, 0]);
    // Somebody looks at each frame for a while, so that the decoder has long been silent when it has to begin anew.
    for (let index = 149; index > 60; index -= 1) {
      await comes(line, index, 5_000);
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(SlowDecoder.begins).toBeLessThanOrEqual(1 + Math.ceil(90 / 24));
    expect(SlowDecoder.flushes).toBe(0);
    expect(FakeDecoder.open, "one decoder does it all").toBe(1);
  });

  test("goes on into the next group with what it has, and loses none of it", async () => {
    const line = lineOf(table(400, [0, 100]));
    // The frames ahead of these lie behind the next key frame.
    for (const index of [96, 99, 98, 95]) await comes(line, index, 5_000);
    expect(FakeDecoder.fed.filter((index) => index === 96).length).toBeLessThanOrEqual(2);
    expect([SlowDecoder.begins, SlowDecoder.flushes]).toEqual([1, 0]);
  });

  test("gives all that it has before it is told that the next group is coded otherwise", async () => {
    const line = lineOf(table(400, [0, 100], new Set(), [[100, "avc1.42c028"]]));
    for (const index of [96, 99, 100, 101]) await comes(line, index, 5_000);
    expect(FakeDecoder.fed).toEqual(Array.from({ length: FakeDecoder.fed.length }, (_, index) => index));
  });

  test("is asked for the last frame that it keeps", async () => {
    const line = lineOf(table(30, [0]));
    await comes(line, 29, 5_000);
    expect(SlowDecoder.flushes).toBe(1);
  });
});
