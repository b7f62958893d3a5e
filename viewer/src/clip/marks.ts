// Which marks of the consult belong to which frame of a clip.
//
// Pure. A mark on the running picture or on a freeze names a stream and an RTP time; the frame table says which frame of the
// clip that is. Called by `player.ts`. Invariant: a mark is on exactly the frame that it was made for, or on none.

import type { MarkState } from "../wire/socket";
import type { FrameTable } from "./table";

export type MarksByFrame = ReadonlyMap<number, readonly MarkState[]>;

export function marksByFrame(table: FrameTable, marks: readonly MarkState[]): MarksByFrame {
  const { captured } = table.head;
  const found = new Map<number, MarkState[]>();
  if (captured === undefined) return found;
  for (const held of marks) {
    const { anchor } = held.mark;
    // The same RTP time comes again every 13 hours, and another stream has its own.
    if (anchor.type !== "live" || anchor.stream !== captured.stream) continue;
    const index = table.indexOf(anchor.rtpTime);
    if (index === null) continue;
    const there = found.get(index);
    if (there === undefined) found.set(index, [held]);
    else there.push(held);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

/** The next frame with marks after (`by` 1) or before (`by` -1) a frame; beyond the last one comes the first. */
export function neighbourWithMarks(marks: MarksByFrame, index: number, by: 1 | -1): number | null {
  const frames = [...marks.keys()];
  const next = by === 1 ? frames.find((at) => at > index) : frames.findLast((at) => at < index);
  return next ?? frames.at(by === 1 ? 0 : -1) ?? null;
}
