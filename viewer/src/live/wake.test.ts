import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePage } from "../../test/media";
import { keepAwake, wakeState } from "./wake";

class FakeLock extends EventTarget {
  released = false;
  release(): Promise<void> {
    this.released = true;
    this.dispatchEvent(new Event("release"));
    return Promise.resolve();
  }
}

let page: FakePage;
let locks: FakeLock[];
let refuses: boolean;
let end: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  page = new FakePage();
  locks = [];
  refuses = false;
  const request = () => {
    if (refuses) return Promise.reject(new DOMException("power saving", "NotAllowedError"));
    const lock = new FakeLock();
    locks.push(lock);
    return Promise.resolve(lock);
  };
  vi.stubGlobal("document", page);
  vi.stubGlobal("navigator", { wakeLock: { request } });
  end = keepAwake();
});
afterEach(() => {
  end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("a page that comes back takes the lock again, and never two", async () => {
  await passes(0);
  page.shows("visible");
  await passes(0);
  expect([locks.length, wakeState.value]).toEqual([1, "on"]);
  page.shows("hidden");
  void locks[0]?.release();
  expect(wakeState.value).toBe("off");
  await passes(60_000);
  expect(locks.length).toBe(1);
  page.shows("visible");
  await passes(0);
  expect([locks.length, wakeState.value]).toEqual([2, "on"]);
});

test("a lock that the device took from a page in sight is asked for again, and its loss is said", async () => {
  await passes(0);
  refuses = true;
  void locks[0]?.release();
  expect(wakeState.value).toBe("off");
  await passes(5_000);
  expect(wakeState.value).toBe("off");
  refuses = false;
  page.shows("visible");
  await passes(0);
  expect(wakeState.value).toBe("on");
});

test("a page that went holds no lock, also one that was still on its way", async () => {
  end();
  await passes(0);
  expect(locks.map(({ released }) => released)).toEqual([true]);
  await passes(60_000);
  expect([locks.length, wakeState.value]).toEqual([1, "unknown"]);
});
