import { expect, test } from "vitest";
import type { StreamId } from "../wire/ids";
import type { ConsultState, RecordingState } from "../wire/socket";
import type { RtpTime } from "../wire/units";
import { recordingOf, wholeSeconds } from "./recording";

const stream = "stream" as StreamId;
const SECOND = 90_000;

function state(change: Partial<RecordingState>, live = true): ConsultState {
  return {
    streams: [{ stream, stamped: true, codec: "H264", live }],
    freeze: null,
    marks: [],
    scales: [],
    clips: [],
    recordings: [
      {
        stream,
        on: true,
        gaps: [],
        filled: 0,
        filledMs: 0,
        weakFrom: null,
        wholeUntil: null,
        ...change,
      },
    ],
    voiceRecording: { consent: null, written: null, kept: "nothing" },
  };
}

const gap = (before: number, seconds: number, percent: number | null) => ({
  before: before as RtpTime,
  after: ((before + seconds * SECOND) >>> 0) as RtpTime,
  percent,
});

test("where nothing is recorded nothing is said", () => {
  expect(recordingOf({ ...state({}), recordings: [] })).toEqual([]);
  expect(recordingOf({ ...state({}), streams: [] })).toEqual([]);
});

test("a recording without a hole is live, and one that stands still says so", () => {
  expect(recordingOf(state({}))).toEqual([{ phase: "live" }]);
  expect(recordingOf(state({ on: false }))).toEqual([{ phase: "stopped" }]);
});

test("holes say how much is missing, also where RTP time comes round", () => {
  const gaps = [gap(0xffff_ff00, 12, null), gap(30 * SECOND, 3, null)];
  expect(recordingOf(state({ gaps }))).toEqual([
    { phase: "live" },
    { phase: "gap", count: 2, missingMs: 15_000 },
  ]);
});

test("a hole that fills says how far it is and what is left", () => {
  const gaps = [gap(7, 10, 40), gap(30 * SECOND, 3, null)];
  expect(recordingOf(state({ gaps }))).toEqual([
    { phase: "live" },
    { phase: "filling", percent: 40, missingMs: 6_000 },
    { phase: "gap", count: 1, missingMs: 3_000 },
  ]);
});

test("as long as anything is missing nothing is whole", () => {
  const whole = { filled: 1, filledMs: 12_000, wholeUntil: 9 as RtpTime };
  expect(recordingOf(state(whole)).map(({ phase }) => phase)).toEqual(["live", "filled", "whole"]);
  const weak = recordingOf(state({ ...whole, weakFrom: 1 as RtpTime }));
  expect(weak.map(({ phase }) => phase)).toEqual(["live", "weak", "filled"]);
  const open = recordingOf(state({ ...whole, gaps: [gap(1, 1, null)] }));
  expect(open.map(({ phase }) => phase)).toEqual(["live", "gap", "filled"]);
});

test("when the picture is over, what is still missing stays said", () => {
  const ended = recordingOf(state({ on: false, gaps: [gap(1, 4, null)] }, false));
  expect(ended).toEqual([{ phase: "gap", count: 1, missingMs: 4_000 }]);
});

test("what is missing is told in whole seconds and is never nothing", () => {
  expect(wholeSeconds(1)).toEqual({ minutes: 0, seconds: 1 });
  expect(wholeSeconds(59_001)).toEqual({ minutes: 1, seconds: 0 });
  expect(wholeSeconds(65_000)).toEqual({ minutes: 1, seconds: 5 });
});
