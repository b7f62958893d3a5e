import { signal } from "@preact/signals";
import { h } from "preact";
import { afterAll, expect, test, vi } from "vitest";
import { wordsBy } from "../../test/words-of";
import type { DeviceMarks, DeviceState } from "../wire/device";
import type { AnnotationId, DeviceId, PersonId, ScaleId, SessionId, StreamId } from "../wire/ids";
import type { GaugeScale } from "../wire/measure";
import type { Author } from "../wire/people";
import type { Region } from "../wire/region";
import type { MarkState } from "../wire/socket";
import type { FrameIndex, RelayTime, RtpTime } from "../wire/units";
import type { Desk } from "./desk";
import { onStillFrame, over } from "./marks";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { figureOf } = await import("./mark-figures");
const { MarksPart } = await import("./marks-part");

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

/** A caliper of 200 pixels. */
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
const size = { width: 800, height: 600 };
const region: Region = {
  spatialFormat: "twoD",
  dataType: 1,
  flags: 0,
  bounds: { minX: 0, minY: 0, maxX: 799, maxY: 599 },
  unitsX: "centimetre",
  unitsY: "centimetre",
  deltaX: 0.02,
  deltaY: 0.02,
};
const depth: GaugeScale = {
  type: "depth",
  by: {
    scale: {
      id: "scale" as ScaleId,
      stream,
      ...size,
      from: { x: 0.9, y: 0.1 },
      to: { x: 0.9, y: 0.9 },
      centimetres: 12,
    },
    author: { type: "device", device: "d" as DeviceId, name: "訪問車 1" },
    at: 0 as RelayTime,
  },
};

test("a measuring mark says its value with the scale that came along, and nothing without one", () => {
  expect(figureOf(measured)).toBeNull();
  expect(figureOf({ ...measured, gauge: { ...size, scale: { type: "pixels" } } })?.value).toBe(
    "200 px 未校正",
  );
});

test("with a value stand the source of its scale and the number of its frame", () => {
  const told = (scale: GaugeScale) =>
    figureOf({ ...measured, gauge: { ...size, frame: 41 as FrameIndex, scale } });
  expect(told({ type: "regions", regions: [region] })).toEqual({
    value: "4.0 cm",
    from: "校正: DICOM 領域 1 · フレーム 42",
  });
  expect(told(depth)).toEqual({ value: "5.0 cm", from: "校正: 訪問車 1(目盛り 12 cm) · フレーム 42" });
  expect(told({ type: "pixels" })).toEqual({ value: "200 px 未校正", from: "フレーム 42" });
});

test("beside the picture each value over it is told with whose it is, and none while marks are hidden", () => {
  const gauge = { ...size, frame: 41 as FrameIndex, scale: depth };
  const seen = [mark("stroke", 1), { ...measured, gauge }];
  const wanted = signal(true);
  const desk = { marks: { held: signal(held(seen)), wanted, figureOf: signal(figureOf) } } as unknown as Desk;
  const part = () => h(MarksPart, { desk, state: state({ link: { type: "live", seconds: 1 } }), seen });
  expect(wordsBy("marks-values", part())).toEqual(["佐 5.0 cm 校正: 訪問車 1(目盛り 12 cm) · フレーム 42"]);
  wanted.value = false;
  expect(wordsBy("marks-values", part())).toEqual([]);
});
