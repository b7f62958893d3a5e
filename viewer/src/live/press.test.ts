import { expect, test } from "vitest";
import type { OutItem, OutMessage } from "../marks/outbox";
import type { ClipId, StreamId } from "../wire/ids";
import type { RtpTime } from "../wire/units";
import { asSaidNow, isTooLate, PRESS_STANDS_MS } from "./press";

const clip = "c" as ClipId;
const item = (message: OutMessage): OutItem => ({ key: "k", owner: "o", order: 50_000, message });
const last = item({ type: "saveClip", clip, what: { type: "last", seconds: 6 }, view: "A4C" });
const still = item({
  type: "saveClip",
  clip,
  what: { type: "frame", anchor: { type: "live", stream: "s" as StreamId, rtpTime: 1 as RtpTime } },
  view: null,
});

test("a press that is said again still saves the seconds before the press", () => {
  expect(asSaidNow(last, 50_000)).toEqual(last.message);
  expect(asSaidNow(last, 53_200)).toEqual({ ...last.message, what: { type: "last", seconds: 10 } });
  expect(asSaidNow(last, 500_000)).toMatchObject({ what: { seconds: 60 } });
});

test("a clock that was set back does not shorten a clip", () => {
  expect(asSaidNow(last, 10_000)).toEqual(last.message);
});

test("seconds that nobody has any more are given up; a frame has a name and waits", () => {
  expect(isTooLate(last, 50_000 + PRESS_STANDS_MS)).toBe(false);
  expect(isTooLate(last, 50_001 + PRESS_STANDS_MS)).toBe(true);
  expect(isTooLate(still, 50_001 + PRESS_STANDS_MS)).toBe(false);
  expect(asSaidNow(still, 99_000)).toEqual(still.message);
});
