import { expect, test } from "vitest";
import { clipTable, frameTable, STREAM, uneven } from "../../test/clip-tables";
import { below, seeded } from "../../test/seeded";
import type { StreamId } from "../wire/ids";
import type { MarkState } from "../wire/socket";
import { marksByFrame, neighbourWithMarks } from "./marks";
import { FrameTable } from "./table";

const mark = (stream: StreamId, rtpTime: number, name = "a"): MarkState =>
  ({ mark: { id: name, anchor: { type: "live", stream, rtpTime } } }) as unknown as MarkState;

test.each([6, 66, 666])(
  "a mark is on exactly its frame, across dropped frames and the wrap (seed %i)",
  (seed) => {
    const random = seeded(seed);
    const table = frameTable(uneven(random, 150), 2 ** 32 - 200_000);
    const wanted = Array.from({ length: 20 }, () => below(random, 150));
    const marks = wanted.map((index, i) => mark(STREAM, table.rtpTime(index) as number, String(i)));
    const found = marksByFrame(table, marks);
    for (const [i, index] of wanted.entries()) expect(found.get(index)).toContain(marks[i]);
    expect([...found.keys()]).toEqual([...new Set(wanted)].sort((a, b) => a - b));
  },
);

test("a mark of another stream or of a frame that is not in the clip is on none", () => {
  const table = frameTable(uneven(seeded(8), 50));
  const other = "33333333-3333-4333-8333-333333333333" as StreamId;
  const rtp = table.rtpTime(10) as number;
  expect(marksByFrame(table, [mark(other, rtp), mark(STREAM, rtp + 1)]).size).toBe(0);
});

test("an imported clip has no marks of the running picture", () => {
  const raw = clipTable(uneven(seeded(8), 50));
  const { captured: _, ...head } = raw.head;
  const table = FrameTable.read({ ...raw, head });
  expect(table === null ? null : marksByFrame(table, [mark(STREAM, 0)]).size).toBe(0);
});

test("the next and the previous frame with marks, around the ends too", () => {
  const marks = new Map([3, 9, 20].map((index) => [index, []]));
  expect([neighbourWithMarks(marks, 9, 1), neighbourWithMarks(marks, 9, -1)]).toEqual([20, 3]);
  expect([neighbourWithMarks(marks, 20, 1), neighbourWithMarks(marks, 0, -1)]).toEqual([3, 20]);
  expect(neighbourWithMarks(new Map(), 5, 1)).toBeNull();
});
