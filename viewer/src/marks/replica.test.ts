import { describe, expect, test } from "vitest";
import type { ClipHead } from "../wire/clip";
import type { AnnotationId, ClipId, ConsentId, FreezeId, ScaleId, StreamId } from "../wire/ids";
import type { LogEntry, LogEvent } from "../wire/log";
import type { Anchor, Annotation } from "../wire/mark";
import type { DepthScale } from "../wire/measure";
import type { Digest } from "../wire/original";
import type { Author } from "../wire/people";
import type { MarkState } from "../wire/socket";
import type { RelayTime, RtpTime } from "../wire/units";
import { apply, EMPTY, fromSnapshot, type Replica } from "./replica";
import { visibleMarks } from "./visible";

const AUTHOR: Author = { type: "relay" };
const stream = "stream" as StreamId;
const anchor = (rtpTime: number): Anchor => ({ type: "live", stream, rtpTime: rtpTime as RtpTime });
const mark = (id: string, change: Partial<Annotation> = {}): Annotation => ({
  id: id as AnnotationId,
  anchor: anchor(1),
  shape: { type: "stroke", points: [{ x: 0, y: 0 }] },
  pen: "white",
  drawnOn: "running",
  ...change,
});
const scale = (id: string): DepthScale => ({
  id: id as ScaleId,
  stream,
  width: 800,
  height: 600,
  from: { x: 0.9, y: 0.1 },
  to: { x: 0.9, y: 0.6 },
  centimetres: 10,
});
const EVENTS: LogEvent[] = [
  { type: "streamStarted", stream, stamped: true, codec: "H264" },
  { type: "marked", mark: mark("a") },
  { type: "marked", mark: mark("b") },
  { type: "pinned", mark: "b" as AnnotationId, pinned: true },
  { type: "frozen", freeze: "f" as FreezeId, anchor: anchor(7) },
  {
    type: "marked",
    mark: mark("c", { drawnOn: "freeze", anchor: anchor(7), replaces: "a" as AnnotationId }),
  },
  { type: "released", freeze: "f" as FreezeId },
  { type: "withdrawn", mark: "b" as AnnotationId },
  { type: "streamStopped", stream, reason: "lost" },
  { type: "streamStarted", stream: "other" as StreamId, stamped: false, codec: "VP8" },
  { type: "streamStarted", stream, stamped: true, codec: "H264" },
  { type: "calibrated", scale: scale("one") },
  {
    type: "marked",
    mark: mark("d", { drawnOn: "freeze", anchor: anchor(7) }),
    gauge: { width: 800, height: 600, scale: { type: "pixels" } },
  },
  { type: "calibrated", scale: scale("two") },
  { type: "streamRecorded", stream, on: true },
  { type: "streamGap", stream, before: 0xffff_ff00 as RtpTime, after: 0x0002_be20 as RtpTime },
  {
    type: "streamFilling",
    stream,
    before: 0xffff_ff00 as RtpTime,
    after: 0x0002_be20 as RtpTime,
    percent: 50,
  },
  {
    type: "streamFilled",
    stream,
    before: 0xffff_ff00 as RtpTime,
    after: 0x0002_be20 as RtpTime,
    frames: 60,
    ms: 2_000,
  },
  { type: "streamWeak", stream, from: 7 as RtpTime },
  { type: "streamWhole", stream, until: 9 as RtpTime },
  { type: "streamGap", stream, before: 9 as RtpTime, after: 90_009 as RtpTime },
  { type: "voiceConsented", consent: "first" as ConsentId, by: "patient" },
  { type: "voiceRecorded", on: true },
  { type: "voiceConsentEnded", consent: "first" as ConsentId, why: "withdrawn" },
  { type: "voiceDiscardAsked" },
  { type: "voiceDiscarded" },
  { type: "voiceConsented", consent: "second" as ConsentId, by: "family" },
  { type: "voiceRecorded", on: false },
  { type: "voiceConsentEnded", consent: "first" as ConsentId, why: "withdrawn" },
];
const LOG: LogEntry[] = EVENTS.map((event, i) => ({
  seq: i + 1,
  at: (1_000_000 * (i + 1)) as RelayTime,
  author: AUTHOR,
  event,
}));

function foldAll(from: Replica, entries: readonly LogEntry[]): Replica {
  return entries.reduce((replica, entry) => {
    const step = apply(replica, entry);
    if (step.result !== "applied") throw new Error(step.result);
    return step.replica;
  }, from);
}

describe("the replica", () => {
  test("holds what is in force after each kind of entry", () => {
    const held = (count: number) => foldAll(EMPTY, LOG.slice(0, count)).state;
    expect(held(4).marks.map((one) => [one.mark.id, one.pinned])).toEqual([
      ["a", false],
      ["b", true],
    ]);
    expect(held(5).freeze).toMatchObject({ freeze: "f", anchor: anchor(7), at: 5_000_000 });
    expect(held(6).marks.map((held) => held.mark.id)).toEqual(["b", "c"]);
    expect(held(7).freeze).toBeNull();
    expect(held(8).marks.map((held) => held.mark.id)).toEqual(["c"]);
    expect(held(9).streams).toEqual([{ stream, stamped: true, codec: "H264", live: false }]);
    expect(held(11).streams.map((known) => known.stream)).toEqual(["other", stream]);
  });

  test("holds whether voices are recorded, with whose consent, and what is kept of them", () => {
    const begin = EVENTS.findIndex(({ type }) => type === "voiceConsented");
    const held = (count: number) => foldAll(EMPTY, LOG.slice(0, begin + count)).state.voiceRecording;
    expect(held(0)).toEqual({ consent: null, written: null, kept: "nothing" });
    expect(held(2)).toMatchObject({
      consent: { by: "patient", author: AUTHOR },
      written: true,
      kept: "kept",
    });
    expect(held(3)).toEqual({ consent: null, written: null, kept: "kept" });
    expect([held(4).kept, held(5).kept]).toEqual(["discarding", "discarded"]);
    expect(held(8), "the end of another consent ends nothing").toMatchObject({
      consent: { consent: "second" },
      written: false,
      kept: "kept",
    });
  });

  test("holds what a measurement is measured with, and one scale for each stream", () => {
    const { marks, scales } = foldAll(EMPTY, LOG).state;
    expect(marks.find((held) => held.mark.id === "d")?.gauge).toMatchObject({ width: 800 });
    expect(marks.find((held) => held.mark.id === "c")).not.toHaveProperty("gauge");
    expect(scales.map((held) => [held.scale.id, held.author])).toEqual([["two", AUTHOR]]);
    const event: LogEvent = { type: "calibrationWithdrawn", scale: "two" as ScaleId };
    const entry = { seq: LOG.length + 1, at: 0 as RelayTime, author: AUTHOR, event };
    expect(foldAll(EMPTY, [...LOG, entry]).state.scales).toEqual([]);
  });

  test("holds what is recorded of a stream, what is missing, and that nothing is any more", () => {
    const begin = EVENTS.findIndex((event) => event.type === "streamRecorded");
    const held = (count: number) => foldAll(EMPTY, LOG.slice(0, begin + count)).state.recordings[0];
    expect(held(1)).toMatchObject({ stream, on: true, gaps: [], wholeUntil: null });
    expect(held(2)?.gaps).toEqual([{ before: 0xffff_ff00, after: 0x0002_be20, percent: null }]);
    expect(held(3)?.gaps[0]?.percent).toBe(50);
    expect(held(4)).toMatchObject({ gaps: [], filled: 1, filledMs: 2_000 });
    expect(held(5)?.weakFrom).toBe(7);
    expect(held(6)).toMatchObject({ weakFrom: null, wholeUntil: 9 });
    const off: LogEvent = {
      type: "streamFilled",
      stream,
      before: 9 as RtpTime,
      after: 90_009 as RtpTime,
      frames: 0,
      ms: 0,
    };
    const known = { seq: LOG.length + 1, at: 0 as RelayTime, author: AUTHOR, event: off };
    expect(foldAll(EMPTY, [...LOG, known]).state.recordings[0]).toMatchObject({ gaps: [], filled: 1 });
    expect(held(7)).toMatchObject({ gaps: [{ before: 9, after: 90_009 }], wholeUntil: null });
    const event: LogEvent = { type: "streamStopped", stream, reason: "lost" };
    const entry = { seq: LOG.length + 1, at: 0 as RelayTime, author: AUTHOR, event };
    expect(foldAll(EMPTY, [...LOG, entry]).state.recordings[0]?.on).toBe(false);
  });

  test("a snapshot and the tail give the same state as all entries, wherever it was cut", () => {
    const whole = foldAll(EMPTY, LOG).state;
    for (let cut = 0; cut <= LOG.length; cut += 1) {
      const before = foldAll(EMPTY, LOG.slice(0, cut));
      const snapshot = fromSnapshot(cut, structuredClone(before.state), EMPTY);
      expect(foldAll(snapshot, LOG.slice(cut)).state).toEqual(whole);
    }
  });

  test("entries that come twice change nothing", () => {
    const replica = foldAll(EMPTY, LOG.slice(0, 6));
    for (const entry of LOG.slice(0, 6)) expect(apply(replica, entry)).toEqual({ result: "known" });
  });

  test("a gap is reported and nothing is applied", () => {
    const replica = foldAll(EMPTY, LOG.slice(0, 3));
    expect(apply(replica, LOG[5] as LogEntry)).toEqual({ result: "gap" });
    expect(apply(EMPTY, LOG[1] as LogEntry)).toEqual({ result: "gap" });
  });

  test("an event from the future moves the position and is counted", () => {
    const event = { type: "measured", millimetres: 3 } as unknown as LogEvent;
    const step = apply(EMPTY, { seq: 1, at: 0 as RelayTime, author: AUTHOR, event });
    expect(step).toMatchObject({ result: "applied", replica: { seq: 1, unknown: 1, state: EMPTY.state } });
  });

  test("marks taken back are remembered for the list", () => {
    expect(foldAll(EMPTY, LOG).takenBack.map((held) => held.mark.id)).toEqual(["a", "b"]);
  });

  test("nothing that was given out changes afterwards", () => {
    const early = foldAll(EMPTY, LOG.slice(0, 3));
    const copy = structuredClone(early);
    foldAll(early, LOG.slice(3));
    expect(early).toEqual(copy);
  });
});

describe("what is over the picture", () => {
  const { marks } = foldAll(EMPTY, LOG.slice(0, 4)).state;
  const at = (seconds: number) =>
    visibleMarks(marks, { over: "running", now: (seconds * 1e6) as RelayTime, quickMarkSeconds: 8 }).map(
      (held) => held.mark.id,
    );

  test("a quick mark fades after its seconds, a pinned one stays", () => {
    expect(at(3)).toEqual(["a", "b"]);
    expect(at(9.9)).toEqual(["a", "b"]);
    expect(at(10.1)).toEqual(["b"]);
  });

  test("a picture from the video is of its own frame and no original", () => {
    const picture = { width: 8, height: 4, blob: "b" as Digest, bytes: 9 };
    const kept = (rtpTime: number): LogEvent => {
      const of = { stream, rtpTime: rtpTime as RtpTime };
      return { type: "videoPictureKept", ...of, picture };
    };
    const frozen = foldAll(EMPTY, LOG.slice(0, 5));
    const told = (seq: number, event: LogEvent): LogEntry => ({ ...(LOG[0] as LogEntry), seq, event });
    expect(foldAll(frozen, [told(6, kept(8))]).state.freeze?.fromVideo).toBeUndefined();
    const held = foldAll(frozen, [told(6, kept(7))]);
    expect(held.state.freeze).toMatchObject({ fromVideo: picture, original: { state: "awaited" } });
    const stepped: LogEvent = { type: "stepped", freeze: "f" as FreezeId, anchor: anchor(8) };
    expect(foldAll(held, [told(7, stepped)]).state.freeze?.fromVideo).toBeUndefined();
  });

  test("a quick mark from before the relay's clock was set back by a day does not stay for a day", () => {
    expect(at(3 - 86_400)).toEqual(["b"]);
  });

  test("a mark of a freeze is over its own frame and nowhere else", () => {
    const all = foldAll(EMPTY, LOG.slice(0, 6)).state.marks;
    const on = (rtpTime: number) =>
      visibleMarks(all, { over: "freeze", anchor: anchor(rtpTime) }).map((held) => held.mark.id);
    expect(on(7)).toEqual(["c"]);
    expect(on(1)).toEqual(["b"]);
    expect(on(8)).toEqual([]);
    const running = visibleMarks(all, { over: "running", now: 6_100_000 as RelayTime, quickMarkSeconds: 8 });
    expect(running.map((held) => held.mark.id)).toEqual(["b"]);
  });

  test("a measurement is never over the running picture, pinned or not", () => {
    const measured = mark("m", {
      drawnOn: "freeze",
      shape: {
        type: "measure",
        what: { type: "velocity" },
        points: [{ x: 0, y: 0 }],
        by: { type: "pixels" },
      },
    });
    const held: MarkState = { mark: measured, author: AUTHOR, at: 0 as RelayTime, pinned: true };
    expect(visibleMarks([held], { over: "running", now: null, quickMarkSeconds: 8 })).toEqual([]);
    expect(visibleMarks([held], { over: "freeze", anchor: anchor(1) })).toEqual([held]);
  });

  test("before the relay's clock is known nothing is hidden too early", () => {
    const shown = visibleMarks(marks, { over: "running", now: null, quickMarkSeconds: 8 });
    expect(shown.length).toBe(2);
  });
});

describe("clips in the replica", () => {
  const clip = "clip" as ClipId;
  const head = { clip, frames: 180, bytes: 1_000 } as ClipHead;
  const fold = (events: readonly LogEvent[]) =>
    foldAll(
      EMPTY,
      events.map((event, i) => ({ seq: i + 1, at: (i + 1) as RelayTime, author: AUTHOR, event })),
    ).state.clips;
  const asked: LogEvent = { type: "clipAsked", clip, what: { type: "last", seconds: 6 } };

  test("go from asked to arriving to kept, and keep who asked and when", () => {
    expect(fold([asked])).toEqual([{ clip, author: AUTHOR, at: 1, head: null, stage: { stage: "asked" } }]);
    expect(fold([asked, { type: "clipSaved", head }])[0]).toMatchObject({
      at: 1,
      head,
      stage: { stage: "arriving" },
    });
    expect(fold([asked, { type: "clipSaved", head }, { type: "clipKept", clip }])[0]).toMatchObject({
      stage: { stage: "kept" },
    });
  });

  test("what is safe here stays so, and what was missing may still come", () => {
    const missing: LogEvent = { type: "clipMissing", clip, reason: "agentAway" };
    expect(fold([asked, missing])[0]?.stage).toEqual({ stage: "missing", reason: "agentAway" });
    expect(fold([asked, missing, { type: "clipSaved", head }])[0]?.stage).toEqual({ stage: "arriving" });
    expect(fold([asked, { type: "clipKept", clip }, missing])[0]?.stage).toEqual({ stage: "kept" });
  });

  test("a clip that the device saved by itself is in the list too, the newest last", () => {
    const other = { ...head, clip: "other" as ClipId };
    expect(fold([asked, { type: "clipSaved", head: other }]).map((held) => held.clip)).toEqual([
      clip,
      "other",
    ]);
  });
});
