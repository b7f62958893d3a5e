import { afterAll, expect, test, vi } from "vitest";
import type { AnnotationId, PersonId, SessionId, StreamId } from "../wire/ids";
import type { Shape } from "../wire/mark";
import type { Author } from "../wire/people";
import type { MarkState } from "../wire/socket";
import type { RelayTime, RtpTime } from "../wire/units";
import type { Brush } from "./draw";
import { drawMarks, freePlace } from "./draw-marks";
import { HALO, personLook } from "./pens";
import { stagePoint } from "./points";

vi.stubGlobal(
  "Path2D",
  class {
    arc() {}
    closePath() {}
    lineTo() {}
    moveTo() {}
  },
);
afterAll(() => vi.unstubAllGlobals());

const ROOM = { width: 1_000, height: 500 };
const LETTER_PX = 12;
const DOCTOR: Author = {
  type: "person",
  session: "s" as SessionId,
  person: "p" as PersonId,
  name: "佐藤",
  initials: "佐",
  role: "cardiologist",
};

function held(shape: Shape, change: Partial<MarkState["mark"]> = {}, author: Author = DOCTOR): MarkState {
  return {
    mark: {
      id: "a" as AnnotationId,
      anchor: { type: "live", stream: "s" as StreamId, rtpTime: 1 as RtpTime },
      shape,
      pen: "white",
      drawnOn: "running",
      ...change,
    },
    author,
    at: 0 as RelayTime,
    pinned: false,
  };
}

type Written = { text: string; x: number; y: number; colour: string; edge: string };

/** What is written on the glass, in its order. */
function written(marks: readonly MarkState[], values: Record<string, string> = {}): Written[] {
  const found: Written[] = [];
  let edge = "";
  const context = {
    measureText: (text: string) => ({ width: LETTER_PX * text.length }),
    setLineDash() {},
    stroke() {},
    strokeText() {
      edge = String(context.strokeStyle);
    },
    fillText(text: string, x: number, y: number) {
      found.push({ text, x, y, colour: String(context.fillStyle), edge });
    },
    strokeStyle: "",
    fillStyle: "",
  };
  const brush: Brush = {
    context: context as unknown as CanvasRenderingContext2D,
    place: ({ x, y }) => stagePoint(x * ROOM.width, y * ROOM.height),
    remPx: 16,
  };
  const valueBeside = ({ mark }: MarkState) => values[mark.id];
  drawMarks(brush, marks, { selected: null, valueBeside, staleTag: "停止画上", room: ROOM });
  return found;
}

const STROKE: Shape = {
  type: "stroke",
  points: [
    { x: 0.5, y: 0.5 },
    { x: 0.7, y: 0.5 },
  ],
};
const LABEL: Shape = { type: "label", at: { x: 0.5, y: 0.5 }, text: "僧帽弁" };
const CALIPER: Shape = {
  type: "measure",
  what: { type: "caliper" },
  points: [
    { x: 0.7, y: 0.5 },
    { x: 0.5, y: 0.5 },
  ],
  by: { type: "pixels" },
};

test("each finished mark shows its author's initials, outside its first point, in their colour with a dark edge", () => {
  const arrow: Shape = { type: "arrow", from: { x: 0.5, y: 0.5 }, to: { x: 0.7, y: 0.5 } };
  const turned: Shape = { type: "arrow", from: { x: 0.7, y: 0.5 }, to: { x: 0.5, y: 0.5 } };
  for (const [shape, isLeft] of [
    [STROKE, true],
    [arrow, true],
    [turned, false],
    [LABEL, true],
  ] as const) {
    const tag = written([held(shape)]).find(({ text }) => text === "佐");
    expect(tag).toMatchObject({ colour: personLook("p" as PersonId).colour, edge: HALO });
    if (isLeft) expect(tag?.x).toBeLessThan(500 - LETTER_PX);
    else expect(tag?.x).toBeGreaterThan(700);
    expect(Math.abs((tag?.y ?? 0) - 250)).toBeLessThan(8);
  }
});

test("a mark of the relay itself names nobody, and one made on a stopped picture says so", () => {
  expect(written([held(STROKE, {}, { type: "relay" })])).toEqual([]);
  expect(written([held(STROKE, { drawnOn: "stale" })]).map(({ text }) => text)).toEqual(["佐 停止画上"]);
});

test("initials make way for the value of a measurement, which is written last", () => {
  const [initials, value] = written([held(CALIPER)], { a: "4.2 cm" });
  expect(value?.text).toBe("4.2 cm");
  // The first point is the rightmost: where the initials would stand there is the value.
  const from = value?.x ?? 0;
  expect(initials).toMatchObject({ text: "佐" });
  expect((initials?.x ?? 0) + LETTER_PX <= from || (initials?.y ?? 0) > (value?.y ?? 0)).toBe(true);
  const other = held(
    {
      ...STROKE,
      points: [
        { x: 0.74, y: 0.49 },
        { x: 0.9, y: 0.49 },
      ],
    },
    { id: "b" as AnnotationId },
  );
  const all = written([held(CALIPER), other], { a: "4.2 cm" });
  expect(all.at(-1)?.text).toBe("4.2 cm");
});

test("initials stay in the picture's room and do not lie on each other", () => {
  const size = { width: 24, height: 12 };
  const corner = freePlace([stagePoint(2, 2)], size, ROOM, []);
  expect(corner.x).toBeGreaterThanOrEqual(0);
  const edge = freePlace([stagePoint(4, 250), stagePoint(100, 250)], size, ROOM, []);
  expect(edge.x).toBeGreaterThanOrEqual(0);
  // Not on the line either, which goes on to the right.
  expect(edge.y + edge.height <= 250 || edge.y >= 250).toBe(true);
  const first = freePlace([stagePoint(500, 250)], size, ROOM, []);
  const second = freePlace([stagePoint(500, 250)], size, ROOM, [first]);
  expect(second.x).toBeGreaterThanOrEqual(first.x + first.width);
});
