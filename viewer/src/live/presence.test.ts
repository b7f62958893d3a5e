import { beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_SKETCH_POINTS } from "../wire/constants";
import type { AnnotationId, PersonId, SessionId, StreamId } from "../wire/ids";
import type { Anchor, Point } from "../wire/mark";
import type { Sketch, ToRelay } from "../wire/socket";
import type { RtpTime } from "../wire/units";
import {
  type OwnSketch,
  PresenceSender,
  withoutAbsent,
  withoutMark,
  withPointers,
  withSketches,
} from "./presence";

const ANCHOR: Anchor = { type: "live", stream: "s" as StreamId, rtpTime: 9 as RtpTime };
const me = "me" as SessionId;
const mark = "m" as AnnotationId;
const points = (count: number): Point[] => Array.from({ length: count }, (_, i) => ({ x: i / 1000, y: 0 }));
const piece = (from: number, of: Point[]): Sketch => ({
  session: me,
  mark,
  anchor: ANCHOR,
  pen: "green",
  form: "stroke",
  from,
  points: of,
});

describe("presence of others", () => {
  test("pieces of a sketch join by index, and a piece that comes twice changes nothing", () => {
    const all = points(6);
    let held = withSketches(new Map(), [piece(0, all.slice(0, 3))]);
    held = withSketches(held, [piece(3, all.slice(3)), piece(3, all.slice(3))]);
    expect(held.get(mark)?.points).toEqual(all);
  });

  test("a sketch whose beginning was dropped shows what there is", () => {
    const all = points(9);
    let held = withSketches(new Map(), [piece(3, all.slice(3, 6))]);
    held = withSketches(held, [piece(6, all.slice(6))]);
    expect(held.get(mark)?.points).toEqual(all.slice(3));
  });

  test("a pen that was lifted without a mark leaves nothing", () => {
    const held = withSketches(new Map(), [piece(0, points(3)), piece(3, [])]);
    expect(held.size).toBe(0);
  });

  test("a finished mark and people who left take their presence with them", () => {
    const held = withSketches(new Map(), [piece(0, points(3))]);
    expect(withoutMark(held, mark).size).toBe(0);
    expect(withoutAbsent(held, []).size).toBe(0);
    const person = {
      session: me,
      person: "p" as PersonId,
      name: "",
      initials: "",
      role: "trainer",
      page: "consult",
    } as const;
    expect(withoutAbsent(held, [person])).toBe(held);
  });

  test("a pointer that left the picture is gone", () => {
    const at = { x: 0.5, y: 0.5 };
    const held = withPointers(new Map(), [{ session: me, at, rtpTime: null }]);
    expect(held.get(me)?.at).toEqual(at);
    expect(withPointers(held, [{ session: me, at: null, rtpTime: null }]).size).toBe(0);
  });
});

describe("own presence", () => {
  let sent: ToRelay[];
  let sender: PresenceSender;
  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    sender = new PresenceSender((message) => sent.push(message));
  });
  const sketch = (change: Partial<OwnSketch>): OwnSketch => ({
    mark,
    anchor: ANCHOR,
    pen: "white",
    form: "stroke",
    points: points(1),
    ...change,
  });

  test("the first move goes out at once, a hundred more as one message with the last place", () => {
    for (const at of points(100)) sender.point({ at, rtpTime: null });
    expect(sent).toEqual([{ type: "point", at: { x: 0, y: 0 }, rtpTime: null }]);
    vi.advanceTimersByTime(34);
    expect(sent[1]).toEqual({ type: "point", at: { x: 0.099, y: 0 }, rtpTime: null });
    vi.advanceTimersByTime(1000);
    expect(sent.length).toBe(2);
  });

  test("a fast stroke goes out in pieces that follow each other", () => {
    sender.sketch(sketch({ points: points(150) }));
    vi.advanceTimersByTime(34 * 4);
    const froms = sent.map((message) =>
      message.type === "sketch" ? [message.from, message.points.length] : [],
    );
    expect(froms).toEqual([
      [0, MAX_SKETCH_POINTS],
      [64, 64],
      [128, 22],
    ]);
  });

  test("of an arrow the tail and each newest tip go out", () => {
    sender.sketch(sketch({ form: "arrow", points: points(2) }));
    vi.advanceTimersByTime(34);
    sender.sketch(
      sketch({
        form: "arrow",
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      }),
    );
    vi.advanceTimersByTime(34);
    expect(sent).toMatchObject([
      { from: 0, points: [{ x: 0 }, { x: 0.001 }] },
      { from: 2, points: [{ x: 1, y: 1 }] },
    ]);
  });

  test("others are told of a stroke that was given up, if they saw it", () => {
    sender.sketch(sketch({ points: points(5) }));
    sender.lifted(false);
    expect(sent).toMatchObject([{ from: 0 }, { type: "sketch", from: 5, points: [] }]);
    // Within the same interval: nobody has heard of this one.
    sender.sketch(sketch({ mark: "other" as AnnotationId }));
    sender.lifted(false);
    vi.advanceTimersByTime(1000);
    expect(sent.length).toBe(2);
  });
});
