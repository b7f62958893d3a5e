// Frame tables for tests: even and uneven times, RTP times that wrap, bytes that are here or not.

import { FrameTable } from "../src/clip/table";
import type { ClipFrame, ClipHead, ClipTable } from "../src/wire/clip";
import type { ClipId, StreamId } from "../src/wire/ids";
import type { CaptureTime, RtpTime } from "../src/wire/units";
import { below } from "./seeded";

const WRAP = 2 ** 32;
export const STREAM = "11111111-1111-4111-8111-111111111111" as StreamId;

/** As a relay that is right would say it, unless `head` says otherwise. */
export function clipTable(timesUs: readonly number[], firstRtp = 0, head: Partial<ClipHead> = {}): ClipTable {
  const rtp = (us: number) => ((firstRtp + Math.round((us * 9) / 100)) % WRAP) as RtpTime;
  const frames: ClipFrame[] = timesUs.map((atUs) => ({ atUs, rtpTime: rtp(atUs), here: true }));
  return {
    head: {
      clip: "22222222-2222-4222-8222-222222222222" as ClipId,
      instance: "2.25.1",
      bytes: 1_000,
      digest: "00" as ClipHead["digest"],
      frames: timesUs.length,
      width: 800,
      height: 600,
      coding: "jpeg",
      origin: "captured",
      takenAt: 1_795_000_000_000_000 as CaptureTime,
      spanUs: timesUs.at(-1) ?? 0,
      captured: { stream: STREAM, first: rtp(0), last: rtp(timesUs.at(-1) ?? 0) },
      ...head,
    },
    stage: { stage: "kept" },
    handScale: false,
    frames,
    regions: [],
  };
}

export function frameTable(timesUs: readonly number[], firstRtp = 0): FrameTable {
  const table = FrameTable.read(clipTable(timesUs, firstRtp));
  if (table === null) throw new Error("the test's own table is wrong");
  return table;
}

export function even(count: number, intervalUs = 33_333): number[] {
  return Array.from({ length: count }, (_, i) => i * intervalUs);
}

/** As a grabber gives them that drops frames now and then and is never quite on time. */
export function uneven(random: () => number, count: number): number[] {
  let at = 0;
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) at += (1 + (random() < 0.1 ? below(random, 5) : 0)) * 33_333 + below(random, 12_000) - 6_000;
    return at;
  });
}
