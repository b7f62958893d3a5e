import { expect, test } from "vitest";
import { picturePoint } from "../stage/points";
import type { AnnotationId, StreamId } from "../wire/ids";
import type { RtpTime } from "../wire/units";
import { begin, cleanLabel, extend, finish, type Ground, label } from "./drawing";

const GROUND: Ground = {
  anchor: { type: "live", stream: "s" as StreamId, rtpTime: 42 as RtpTime },
  drawnOn: "running",
};
const PICTURE = { width: 800, height: 600 };
const id = "m" as AnnotationId;

test("a mark keeps the frame and the pen of its first touch", () => {
  let drawing = begin(id, GROUND, "green", "stroke", picturePoint(0.1, 0.1));
  drawing = extend(drawing, [picturePoint(0.2, 0.3), picturePoint(0.4, 0.1)]);
  expect(finish(drawing, PICTURE)).toEqual({
    id,
    ...GROUND,
    pen: "green",
    shape: {
      type: "stroke",
      points: [
        { x: 0.1, y: 0.1 },
        { x: 0.2, y: 0.3 },
        { x: 0.4, y: 0.1 },
      ],
    },
  });
});

test("a tap with the pen is a dot", () => {
  const drawing = begin(id, GROUND, "white", "stroke", picturePoint(0.5, 0.5));
  expect(finish(drawing, PICTURE)?.shape).toEqual({ type: "stroke", points: [{ x: 0.5, y: 0.5 }] });
});

test("an arrow goes from the first touch to the last place, and a slip is none", () => {
  let drawing = begin(id, GROUND, "white", "arrow", picturePoint(0.5, 0.5));
  expect(finish(extend(drawing, [picturePoint(0.505, 0.5)]), PICTURE)).toBeNull();
  drawing = extend(extend(drawing, [picturePoint(0.9, 0.9)]), [picturePoint(0.7, 0.5)]);
  expect(finish(drawing, PICTURE)?.shape).toEqual({
    type: "arrow",
    from: { x: 0.5, y: 0.5 },
    to: { x: 0.7, y: 0.5 },
  });
});

test("a stroke that never ends stops growing", () => {
  let drawing = begin(id, GROUND, "white", "stroke", picturePoint(0, 0));
  for (let i = 0; i < 1000; i += 1) drawing = extend(drawing, Array(100).fill(picturePoint(i / 1000, 0.5)));
  expect(drawing.points.length).toBe(8_192);
});

test("a label is what the relay accepts: plain words, not too long", () => {
  expect(cleanLabel("  中隔の\n動き ")).toBe("中隔の 動き");
  expect(cleanLabel("a\u202Eb\u0000c")).toBe("a b c");
  expect([...cleanLabel("𠮷".repeat(300))].length).toBe(120);
  expect(label(id, GROUND, "white", picturePoint(0, 0), " \u200F ")).toBeNull();
  expect(label(id, GROUND, "violet", picturePoint(0.1, 0.2), "IVC")).toEqual({
    id,
    ...GROUND,
    pen: "violet",
    shape: { type: "label", at: { x: 0.1, y: 0.2 }, text: "IVC" },
  });
});
