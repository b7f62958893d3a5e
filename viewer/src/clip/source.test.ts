import { afterEach, expect, test, vi } from "vitest";
import type { ClipId, ConsultId, SessionId } from "../wire/ids";
import { Undecodable } from "./faults";
import { ClipSource, MAX_KEPT_BYTES } from "./source";

const PLACE = { consult: "c" as ConsultId, session: "s" as SessionId, clip: "k" as ClipId };
const signal = new AbortController().signal;

/** A relay whose frames have this many bytes; gives the addresses that were asked for. */
function relayOf(bytes: number): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve({ ok: true, blob: () => Promise.resolve({ size: bytes }) });
  });
  vi.stubGlobal("createImageBitmap", () => Promise.resolve({ close: () => undefined }));
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a loop asks the relay for each frame once", async () => {
  const asked = relayOf(60_000);
  const source = new ClipSource(PLACE);
  for (let round = 0; round < 3; round += 1)
    for (let index = 0; index < 180; index += 1) await source.frame(index, signal);
  expect(asked.length).toBe(180);
  expect(asked[7]).toBe("/api/v1/consults/c/clips/k/frames/7");
});

test("a clip of a consult that may be over is asked for with its replay", async () => {
  const asked = relayOf(60_000);
  await new ClipSource({ ...PLACE, isReplayed: true }).frame(7, signal);
  expect(asked).toEqual(["/api/v1/replays/c/clips/k/frames/7"]);
});

test("what is looked at stays as it is: a player only ever reads", async () => {
  const asked: RequestInit[] = [];
  vi.stubGlobal("fetch", (_path: string, init: RequestInit = {}) => {
    asked.push(init);
    return Promise.resolve({
      ok: true,
      blob: () => Promise.resolve({ size: 10 }),
      json: () => Promise.resolve({}),
    });
  });
  vi.stubGlobal("createImageBitmap", () => Promise.resolve({ close: () => undefined }));
  const source = new ClipSource(PLACE);
  await source.table(signal);
  await source.frame(0, signal);
  source.close();
  expect(asked.length).toBe(2);
  for (const { method, body } of asked) expect([method, body]).toEqual(["GET", null]);
});

test("bytes that stay are bounded, and the longest unused go first", async () => {
  const asked = relayOf(MAX_KEPT_BYTES / 4);
  const source = new ClipSource(PLACE);
  for (const index of [0, 1, 2, 3, 0, 4]) await source.frame(index, signal);
  expect(source.keptBytes).toBeLessThanOrEqual(MAX_KEPT_BYTES);
  await source.frame(0, signal);
  expect(asked.length).toBe(5);
  await source.frame(1, signal);
  expect(asked.length).toBe(6);
});

test("bytes that are no picture are told apart from bytes that do not come, and are not kept", async () => {
  const asked = relayOf(10);
  vi.stubGlobal("createImageBitmap", () => Promise.reject(new Error("no picture")));
  const source = new ClipSource(PLACE);
  await expect(source.frame(3, signal)).rejects.toBeInstanceOf(Undecodable);
  expect(source.keptBytes).toBe(0);
  await expect(source.frame(3, signal)).rejects.toBeInstanceOf(Undecodable);
  expect(asked.length).toBe(2);
});
