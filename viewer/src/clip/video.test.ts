import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clipTable, even } from "../../test/clip-tables";
import { ApiProblem } from "../net/http";
import { NoVideoDecoder, Undecodable } from "./faults";
import { MAX_SPARE_BYTES, SILENT_MS, VideoFrames } from "./video";

type Chunk = { readonly type: "key" | "delta"; readonly timestamp: number; readonly data: ArrayBuffer };
type Made = { readonly index: number; closed: number };

/** What came out of decoders and was made of it; each must be closed once. */
let frames: Made[];
let pictures: Made[];
/** Decodes in order, by number; a decoder that was closed begins anew. */
let decoded: number[];
let decoders: number;
/** What the decoder does instead of being right. */
let mischief: {
  number?: (index: number) => number;
  width?: number;
  breaksAt?: number;
  swallows?: number;
  silent?: number;
};

class FakeDecoder {
  static isConfigSupported = ({ codec }: { codec: string }) =>
    Promise.resolve({ supported: codec.startsWith("avc1.64") });
  state = "unconfigured";
  #needsKey = true;
  #last = -1;
  #waiting: Chunk[] = [];

  constructor(readonly init: { output: (frame: unknown) => void; error: (cause: unknown) => void }) {
    decoders += 1;
  }

  configure(): void {
    this.state = "configured";
    this.#needsKey = true;
  }

  decode(chunk: Chunk): void {
    if (this.state !== "configured") throw new Error("it is closed");
    if (this.#needsKey && chunk.type !== "key") throw new Error("a key frame is needed");
    if (chunk.type === "delta" && chunk.timestamp !== this.#last + 1) throw new Error("a gap");
    if (new Uint8Array(chunk.data)[0] !== chunk.timestamp % 256) throw new Error("bytes of another frame");
    this.#needsKey = false;
    this.#last = chunk.timestamp;
    decoded.push(chunk.timestamp);
    this.#waiting.push(chunk);
    queueMicrotask(() => this.#drain());
  }

  async flush(): Promise<void> {
    await Promise.resolve();
    if ((mischief.silent ?? 0) >= decoders) await new Promise(() => undefined);
    if (this.state !== "configured") throw new Error("it failed");
    this.#drain();
    this.#needsKey = true;
  }

  close(): void {
    this.state = "closed";
    this.#waiting = [];
  }

  #drain(): void {
    if ((mischief.silent ?? 0) >= decoders) return;
    for (const { timestamp } of this.#waiting.splice(0)) {
      if (this.state !== "configured") return;
      if (timestamp === mischief.breaksAt) {
        this.close();
        this.init.error(new Error("damaged"));
        return;
      }
      if (timestamp === mischief.swallows) continue;
      const made = { index: timestamp, closed: 0 };
      frames.push(made);
      this.init.output({
        timestamp: mischief.number?.(timestamp) ?? timestamp,
        displayWidth: mischief.width ?? 800,
        displayHeight: 600,
        made,
        close: () => {
          made.closed += 1;
        },
      });
    }
  }
}

beforeEach(() => {
  [frames, pictures, decoded, decoders, mischief] = [[], [], [], 0, {}];
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal(
    "EncodedVideoChunk",
    class {
      constructor(init: Chunk) {
        Object.assign(this, init);
      }
    },
  );
  vi.stubGlobal("createImageBitmap", ({ made }: { made: Made }) => {
    if (made.closed > 0) return Promise.reject(new Error("it is closed"));
    const picture = { index: made.index, closed: 0 };
    pictures.push(picture);
    return Promise.resolve({
      made: picture,
      close: () => {
        picture.closed += 1;
      },
    });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const signal = new AbortController().signal;
const numberOf = (picture: ImageBitmap) => (picture as unknown as { made: Made }).made.index;

type Relay = { readonly asked: number[]; fails?: (index: number) => unknown };

function opened(count: number, every: number, relay: Relay, codec = "avc1.640029"): Promise<VideoFrames> {
  const keys = Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
  const { head } = clipTable(even(count), 0, { coding: "video" });
  return VideoFrames.open({ codec, description: "AWQAKQ==", keys }, head, (index, stop) => {
    relay.asked.push(index);
    const cause = relay.fails?.(index);
    if (cause !== undefined) return Promise.reject(cause);
    return stop.aborted ? Promise.reject(stop.reason) : Promise.resolve(new Blob([new Uint8Array([index])]));
  });
}

/** Whatever was given out is closed by the test; then nothing is left open, and nothing was closed twice. */
async function allClosed(video: VideoFrames, given: readonly ImageBitmap[]): Promise<void> {
  for (const picture of given) picture.close();
  video.close();
  await vi.waitFor(() => {
    for (const made of [...frames, ...pictures]) expect(made.closed).toBe(1);
  });
}

test("a frame is decoded from its key frame on, and its neighbours come with it", async () => {
  const relay: Relay = { asked: [] };
  const video = await opened(40, 10, relay);
  const given = [await video.frame(17, signal)];
  expect(given.map(numberOf)).toEqual([17]);
  expect(decoded[0]).toBe(10);
  for (const index of [18, 19, 16, 10]) given.push(await video.frame(index, signal));
  expect(given.map(numberOf)).toEqual([17, 18, 19, 16, 10]);
  expect(decoded).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  await allClosed(video, given);
});

test("played through, each group is decoded once by one decoder, and each frame leaves under its own number", async () => {
  const video = await opened(60, 10, { asked: [] });
  const given: ImageBitmap[] = [];
  for (let at = 0; at < 60; at += 4) {
    const wanted = [at, at + 1, at + 2, at + 3];
    const came = await Promise.all(wanted.map((index) => video.frame(index, signal)));
    expect(came.map(numberOf)).toEqual(wanted);
    given.push(...came);
  }
  expect(decoded.length).toBe(60);
  expect(decoders).toBe(1);
  await allClosed(video, given);
});

test("asked twice at once, a frame is given to both, each its own picture", async () => {
  const video = await opened(20, 10, { asked: [] });
  const given = await Promise.all([video.frame(3, signal), video.frame(3, signal)]);
  expect(given.map(numberOf)).toEqual([3, 3]);
  expect(given[0]).not.toBe(given[1]);
  await allClosed(video, given);
});

test("what nobody waits for any more is not decoded on", async () => {
  const relay: Relay = { asked: [] };
  const video = await opened(1_000, 500, relay);
  const first = new AbortController();
  const gone = video.frame(490, first.signal);
  const other = video.frame(600, signal);
  first.abort(new Error("sought elsewhere"));
  await expect(gone).rejects.toThrow("sought elsewhere");
  const given = [await other];
  expect(given.map(numberOf)).toEqual([600]);
  expect(decoded.filter((index) => index < 500).length).toBeLessThan(20);
  await allClosed(video, given);
});

test("of a long group little is held: a few frames before, a few behind", async () => {
  const video = await opened(300, 300, { asked: [] });
  const given = [await video.frame(200, signal)];
  await vi.waitFor(() => expect(decoded.at(-1)).toBe(212));
  expect(pictures.length).toBe(25);
  await allClosed(video, given);
});

test("pictures that nobody asked for are bounded", async () => {
  const video = await opened(400, 10, { asked: [] });
  const given: ImageBitmap[] = [];
  for (let index = 0; index < 400; index += 10) given.push(await video.frame(index, signal));
  await vi.waitFor(() => expect(decoded.length).toBe(400));
  const held = pictures.filter(({ closed }) => closed === 0).length - given.length;
  expect(held * 800 * 600 * 4).toBeLessThanOrEqual(MAX_SPARE_BYTES);
  expect(held).toBeGreaterThan(20);
  await allClosed(video, given);
});

test("a picture that comes out under another number is never shown", async () => {
  mischief = { number: (index) => index + 1 };
  const video = await opened(10, 10, { asked: [] });
  await expect(video.frame(4, signal)).rejects.toBeInstanceOf(Undecodable);
  await allClosed(video, []);
});

test("a picture of another size, one that is left out and a decoder that fails are told, and the next group is decoded", async () => {
  const video = await opened(30, 10, { asked: [] });
  const given: ImageBitmap[] = [];
  for (const wrong of [{ width: 640 }, { swallows: 4 }, { breaksAt: 4 }]) {
    mischief = wrong;
    await expect(video.frame(4, signal)).rejects.toBeInstanceOf(Undecodable);
    mischief = {};
    given.push(await video.frame(25, signal));
  }
  expect(given.map(numberOf)).toEqual([25, 25, 25]);
  await allClosed(video, given);
});

test("a decoder that says nothing any more is given up and another one asked; a second one is told", async () => {
  vi.useFakeTimers();
  mischief = { silent: 1 };
  const video = await opened(30, 10, { asked: [] });
  const later = video.frame(4, signal);
  await vi.advanceTimersByTimeAsync(SILENT_MS);
  const given = [await later];
  expect(given.map(numberOf)).toEqual([4]);
  expect(decoders).toBe(2);
  mischief = { silent: 99 };
  const never = expect(video.frame(25, signal)).rejects.toBeInstanceOf(Undecodable);
  await vi.advanceTimersByTimeAsync(2 * SILENT_MS);
  await never;
  vi.useRealTimers();
  await allClosed(video, given);
});

test("frames that have not arrived do not keep those from coming that have", async () => {
  const missing = new ApiProblem("notFound", "not here");
  const relay: Relay = { asked: [], fails: (index) => (index > 13 ? missing : undefined) };
  const video = await opened(20, 10, relay);
  const given = [await video.frame(12, signal)];
  await expect(video.frame(14, signal)).rejects.toBe(missing);
  relay.fails = () => undefined;
  given.push(await video.frame(14, signal));
  expect(given.map(numberOf)).toEqual([12, 14]);
  await allClosed(video, given);
});

test("a browser without a decoder says so, and so does one that lacks this coding", async () => {
  await expect(opened(10, 10, { asked: [] }, "avc1.F40029")).rejects.toBeInstanceOf(NoVideoDecoder);
  vi.stubGlobal("VideoDecoder", undefined);
  await expect(opened(10, 10, { asked: [] })).rejects.toBeInstanceOf(NoVideoDecoder);
});

test("closed in the middle, nothing stays open and whoever waits hears it", async () => {
  const video = await opened(20, 10, { asked: [] });
  const waiting = video.frame(5, signal);
  video.close();
  await expect(waiting).rejects.toBeInstanceOf(Undecodable);
  await allClosed(video, []);
  await expect(video.frame(5, signal)).rejects.toBeInstanceOf(Undecodable);
});
