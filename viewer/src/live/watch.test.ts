import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamId } from "../wire/ids";
import type { RelayTime, RtpTime } from "../wire/units";
import type { Consult } from "./consult";
import type { PaintedFrame } from "./frames";
import type { LivePicture } from "./picture";
import { Watch } from "./watch";

const STREAM = "s" as StreamId;
let watch: Watch;
let newest: PaintedFrame | null;
let visibleSince: number;

beforeEach(() => {
  vi.useFakeTimers();
  newest = null;
  visibleSince = performance.now();
  const start = visibleSince;
  const picture = {
    peer: null,
    fps: () => 30,
    frame: { peek: () => newest },
    silentMs: (now: number) => (newest === null ? null : now - Math.max(newest.paintedAt, visibleSince)),
    get isOfNow() {
      return newest !== null && newest.paintedAt >= visibleSince;
    },
    expectFrames: () => undefined,
  };
  const consult = {
    flow: signal(null),
    stream: signal(STREAM),
    stamp: signal({ stream: STREAM, rtpTime: 0 as RtpTime, capturedRelay: 0 as RelayTime, errorUs: 0 }),
    clock: { at: (now: number) => ((now - start) * 1000) as RelayTime },
  };
  watch = new Watch(picture as unknown as LivePicture, consult as unknown as Consult);
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

/** Paints a frame that was captured so long ago; the relay's clock began with the test. */
function paints(ageMs: number, since: number): void {
  const rtpTime = ((performance.now() - since - ageMs) * 90) as RtpTime;
  newest = { rtpTime, paintedAt: performance.now(), width: 8, height: 6 };
  watch.painted(newest);
}

test("a stopped picture says how old its last frame is, not how long it stands", () => {
  const since = performance.now();
  vi.advanceTimersByTime(1_000);
  paints(800, since);
  vi.advanceTimersByTime(2_400);
  const { level, frameAgeMs, silentMs } = watch.badge.value;
  expect([level, silentMs]).toEqual(["stopped", 2_400]);
  expect(frameAgeMs).toBeCloseTo(3_200, 6);
});

test("a page that comes back calls the frame of then neither good nor young", () => {
  const since = performance.now();
  vi.advanceTimersByTime(1_000);
  paints(100, since);
  vi.advanceTimersByTime(60_000);
  visibleSince = performance.now();
  vi.advanceTimersByTime(400);
  expect(watch.badge.value.level).toBe("none");
  vi.advanceTimersByTime(200);
  expect(watch.badge.value.level).toBe("stopped");
  expect(watch.badge.value.frameAgeMs).toBeCloseTo(60_700, 6);
  paints(100, since);
  vi.advanceTimersByTime(200);
  expect(watch.badge.value.level).toBe("good");
});
