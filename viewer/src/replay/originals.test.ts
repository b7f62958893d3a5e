import { expect, test, vi } from "vitest";
import type { Original } from "../wire/original";
import { Originals } from "./originals";

const ORIGINAL = { blob: "b", digest: "d" } as unknown as Original;

test("an original that could not be fetched is told once, and asked for again when somebody wants it again", async () => {
  const fetch = vi.fn((): Promise<Uint8Array<ArrayBuffer>> => Promise.reject(new Error("no way there")));
  const fault = vi.fn();
  const originals = new Originals(fetch, () => undefined, fault);
  for (let look = 0; look < 3; look += 1) {
    expect(originals.picture(ORIGINAL)).toBeNull();
    await vi.waitFor(() => expect(fault).toHaveBeenCalledTimes(1));
  }
  expect(fetch).toHaveBeenCalledTimes(1);
  originals.forgive();
  originals.picture(ORIGINAL);
  await vi.waitFor(() => expect(fault).toHaveBeenCalledTimes(2));
});

test("what is no original is not asked for again", async () => {
  const fetch = vi.fn(() => Promise.resolve(new Uint8Array([1, 2, 3])));
  const fault = vi.fn();
  const originals = new Originals(fetch, () => undefined, fault);
  originals.picture(ORIGINAL);
  await new Promise((done) => setTimeout(done));
  originals.forgive();
  originals.picture(ORIGINAL);
  expect([fetch.mock.calls.length, fault.mock.calls.length]).toEqual([1, 0]);
});
