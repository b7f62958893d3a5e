// Rules of frames and times of a beat, and the log's fold of it.

import { describe, expect, test } from "vitest";
import { apply, EMPTY, fromSnapshot } from "../marks/replica";
import type { FreezeId, StreamId } from "../wire/ids";
import type { LogEntry, LogEvent } from "../wire/log";
import type { BeatFrame, Digest, Original } from "../wire/original";
import type { RelayTime, RtpTime } from "../wire/units";
import { frameAt, inOrder, LOOP_PAUSE_MS, mayBegin, offsets, withFrames } from "./beat-frames";

const FREEZE = "freeze" as FreezeId;
const DIGEST = "00" as Digest;
const ORIGINAL: Original = {
  width: 8,
  height: 8,
  form: "gray8",
  pixels: DIGEST,
  blob: DIGEST,
  bytes: 9,
};

function frame(rtpTime: number): BeatFrame {
  return { rtpTime: rtpTime as RtpTime, original: ORIGINAL };
}

describe("a beat", () => {
  test("frames come in any order, each once, across the wrap of the clock", () => {
    const wrap = 2 ** 32;
    const came = [frame(1_000), frame(wrap - 2_000), frame(4_000), frame(1_000)];
    expect(inOrder(came).map((one) => one.rtpTime)).toEqual([wrap - 2_000, 1_000, 4_000]);
    const times = inOrder(came).map((one) => one.rtpTime);
    expect(offsets(times).map(Math.round)).toEqual([0, 33, 67]);
  });

  test("frames of another freeze do not mix with it", () => {
    const one = withFrames(null, { freeze: FREEZE, frames: [frame(1)], of: 3 });
    const more = withFrames(one, { freeze: FREEZE, frames: [frame(2)], of: 3 });
    expect(more.frames).toHaveLength(2);
    const other = withFrames(more, { freeze: "other" as FreezeId, frames: [frame(9)], of: 1 });
    expect(other.frames.map((held) => held.rtpTime)).toEqual([9]);
  });

  test("it runs by capture times, also where frames are missing, and rests at its end", () => {
    const shownAt = [0, 33, 67, 400];
    const at = (ms: number) => frameAt(shownAt, ms);
    expect([0, 32, 33, 66, 67, 399, 400].map(at)).toEqual([0, 0, 1, 1, 2, 2, 3]);
    expect(at(400 + LOOP_PAUSE_MS - 1)).toBe(3);
    expect(at(400 + LOOP_PAUSE_MS)).toBe(0);
  });

  test("it begins when each frame will be proven in time, and not before", () => {
    expect(mayBegin(90, 90, 60_000, 3_000)).toBe(true);
    expect(mayBegin(2, 90, 1, 3_000)).toBe(false);
    expect(mayBegin(9, 90, 200, 3_000)).toBe(true);
    expect(mayBegin(9, 90, 400, 3_000)).toBe(false);
  });
});

describe("the log's word on a beat", () => {
  const author = { type: "relay" } as const;
  let seq = 0;
  function entry(event: LogEvent): LogEntry {
    seq += 1;
    return { seq, at: 0 as RelayTime, author, event };
  }
  function folded(...events: LogEvent[]) {
    seq = 0;
    const anchor = { type: "live", stream: "s" as StreamId, rtpTime: 9_000 as RtpTime } as const;
    let replica = fromSnapshot(0, EMPTY.state, EMPTY);
    for (const event of [{ type: "frozen", freeze: FREEZE, anchor } as const, ...events]) {
      const step = apply(replica, entry(event));
      if (step.result === "applied") replica = step.replica;
    }
    return replica.state.freeze?.beat ?? null;
  }
  const asked = { type: "beatAsked", freeze: FREEZE } as const;
  const ended = { type: "beatEnded", freeze: FREEZE } as const;
  function kept(of: number): LogEvent {
    return { type: "beatKept", freeze: FREEZE, frames: [frame(6_000), frame(9_000)], of };
  }

  test("what is kept as a whole is shown again, what was cut short is awaited again", () => {
    expect(folded(asked)?.news.state).toBe("awaited");
    expect(folded(asked, kept(2), ended)?.shown).toBe(false);
    expect(folded(asked, kept(2), ended, asked)).toMatchObject({ shown: true, news: { state: "kept" } });
    expect(folded(asked, kept(3), ended, asked)?.news.state).toBe("awaited");
  });

  test("a step and a release take it away", () => {
    const anchor = { type: "live", stream: "s" as StreamId, rtpTime: 6_000 as RtpTime } as const;
    expect(folded(asked, kept(2), { type: "stepped", freeze: FREEZE, anchor })).toBeNull();
    expect(folded(asked, kept(2), { type: "released", freeze: FREEZE })).toBeNull();
  });
});
