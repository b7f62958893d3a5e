import { afterAll, expect, test, vi } from "vitest";
import type { DeviceMarks, DeviceState } from "../wire/device";
import type { AnnotationId, PersonId, SessionId, StreamId } from "../wire/ids";
import type { Author } from "../wire/people";
import type { MarkState } from "../wire/socket";
import type { RelayTime, RtpTime } from "../wire/units";
import { tagOf } from "./ink";
import { onStillFrame, over } from "./marks";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { figureOf } = await import("./mark-figures");

const SECOND = 1_000_000;
const stream = "stream" as StreamId;
const doctor: Author = {
  type: "person",
  session: "s" as SessionId,
  person: "p" as PersonId,
  name: "佐藤",
  initials: "佐",
  role: "cardiologist",
};

function mark(id: string, rtpTime: number, change: Partial<MarkState["mark"]> = {}): MarkState {
  return {
    mark: {
      id: id as AnnotationId,
      anchor: { type: "live", stream, rtpTime: rtpTime as RtpTime },
      shape: { type: "stroke", points: [{ x: 0.5, y: 0.5 }] },
      pen: "white",
      drawnOn: "running",
      ...change,
    },
    author: doctor,
    at: (100 * SECOND) as RelayTime,
    pinned: false,
  };
}

const held = (marks: MarkState[]): DeviceMarks => ({ revision: 1, stream, quickMarkSeconds: 8, marks });
const state = (change: object) =>
  ({
    frozen: null,
    relayNow: null,
    ring: { seconds: 20 },
    newest: null,
    ...change,
  }) as unknown as DeviceState;
const ids = (marks: readonly MarkState[]) => marks.map((one) => one.mark.id);

test("over the running picture a quick mark is seen for its seconds and a pinned one stays", () => {
  const marks = held([mark("quick", 1), { ...mark("pinned", 1), pinned: true }]);
  const at = (seconds: number) => ids(over(marks, state({ relayNow: seconds * SECOND }), null));
  expect(at(107)).toEqual(["quick", "pinned"]);
  expect(at(109)).toEqual(["pinned"]);
});

test("over a frozen frame are its own marks, and none before that frame is on the glass", () => {
  const marks = held([mark("mine", 7), mark("other", 8)]);
  const frozen = state({ frozen: { index: 0, rtpTime: 7, ageMs: 0 } });
  expect(ids(over(marks, frozen, 7 as RtpTime))).toEqual(["mine"]);
  expect(ids(over(marks, frozen, 6 as RtpTime))).toEqual([]);
});

test("before the relay named this device's picture nothing is over it", () => {
  const marks = { ...held([mark("mine", 7)]), stream: null };
  expect(over(marks, state({}), null)).toEqual([]);
});

test("marks on a frozen frame are offered as long as this device holds the frame, across the turn of RTP time", () => {
  const wrapped = 2 ** 32 - 90_000;
  const marks = held([mark("gone", wrapped - 90_000 * 30, { drawnOn: "freeze" }), mark("quick", 5)]);
  const running = state({ newest: { index: 0, rtpTime: 90_000, ageMs: 0 } });
  expect(onStillFrame(marks, running)).toBeNull();
  const there = held([...marks.marks, mark("there", wrapped, { drawnOn: "freeze" })]);
  expect(onStillFrame(there, running)?.mark.id).toBe("there");
  expect(onStillFrame(there, state({ ...running, frozen: running.newest }))).toBeNull();
});

test("beside a mark stand its author's initials, and that it was made on a stopped picture", () => {
  expect(tagOf(mark("a", 1), "停止画上")).toBe("佐");
  expect(tagOf(mark("a", 1, { drawnOn: "stale" }), "停止画上")).toBe("佐 停止画上");
});

test("a measuring mark says its value with the scale that came along, and nothing without one", () => {
  const measured = mark("m", 1, {
    drawnOn: "freeze",
    shape: {
      type: "measure",
      what: { type: "caliper" },
      points: [
        { x: 0.25, y: 0.5 },
        { x: 0.5, y: 0.5 },
      ],
      by: { type: "pixels" },
    },
  });
  expect(figureOf(measured)).toBeNull();
  const gauge = { width: 800, height: 600, scale: { type: "pixels" } } as const;
  expect(figureOf({ ...measured, gauge })).toBe("200 px 未校正");
});
