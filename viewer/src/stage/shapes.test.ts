import { expect, test } from "vitest";
import { MAX_MESSAGE_BYTES, MAX_STROKE_POINTS } from "../wire/constants";
import type { AnnotationId, StreamId } from "../wire/ids";
import type { Shape } from "../wire/mark";
import type { MarkState } from "../wire/socket";
import type { RelayTime, RtpTime } from "../wire/units";
import { distanceToSegment, distanceToShape, markAt } from "./hit";
import { personLook } from "./pens";
import { type PicturePoint, picturePoint, stagePoint } from "./points";
import { simplify } from "./simplify";

const PICTURE = { width: 800, height: 600 };
const place = (p: PicturePoint) => stagePoint(p.x * 1000, p.y * 1000);

test("a straight stroke becomes its two ends", () => {
  const points = Array.from({ length: 500 }, (_, i) => picturePoint(i / 500, i / 1000));
  expect(simplify(points, PICTURE)).toEqual([points[0], points[499]]);
});

test("a curve keeps its form within half a pixel", () => {
  const points = Array.from({ length: 400 }, (_, i) => picturePoint(i / 400, 0.5 + 0.2 * Math.sin(i / 30)));
  const kept = simplify(points, PICTURE);
  expect(kept.length).toBeLessThan(120);
  for (const point of points) {
    const at = stagePoint(point.x * PICTURE.width, point.y * PICTURE.height);
    const nearest = Math.min(
      ...kept.slice(1).map((to, i) => {
        const from = kept[i] ?? to;
        return distanceToSegment(
          stagePoint(from.x * PICTURE.width, from.y * PICTURE.height),
          stagePoint(to.x * PICTURE.width, to.y * PICTURE.height),
          at,
        );
      }),
    );
    expect(nearest).toBeLessThanOrEqual(0.5 + 1e-9);
  }
});

test("a scribble that goes on for ever still fits into one message", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const points = Array.from({ length: 8_192 }, () => picturePoint(random(), random()));
  const kept = simplify(points, PICTURE);
  expect(kept.length).toBeLessThanOrEqual(MAX_STROKE_POINTS);
  expect(kept.length).toBeGreaterThan(MAX_STROKE_POINTS / 2);
  expect(JSON.stringify({ type: "stroke", points: kept }).length).toBeLessThan(MAX_MESSAGE_BYTES);
});

test("a dot stays a dot", () => {
  const dot = picturePoint(0.5, 0.5);
  expect(simplify([dot, dot, dot], PICTURE)).toEqual([dot]);
});

test("a closed ring does not collapse", () => {
  const ring = Array.from({ length: 100 }, (_, i) =>
    picturePoint(0.5 + 0.1 * Math.cos((i * 2 * Math.PI) / 99), 0.5 + 0.1 * Math.sin((i * 2 * Math.PI) / 99)),
  );
  expect(simplify(ring, PICTURE).length).toBeGreaterThan(12);
});

const state = (id: string, shape: Shape): MarkState => ({
  mark: {
    id: id as AnnotationId,
    anchor: { type: "live", stream: "s" as StreamId, rtpTime: 1 as RtpTime },
    shape,
    pen: "white",
    drawnOn: "running",
  },
  author: { type: "relay" },
  at: 0 as RelayTime,
  pinned: false,
});

test("of two marks under a finger the newer one is meant", () => {
  const line: Shape = { type: "arrow", from: { x: 0, y: 0.5 }, to: { x: 1, y: 0.5 } };
  const marks = [state("old", line), state("new", line)];
  expect(markAt(marks, stagePoint(500, 510), place)?.mark.id).toBe("new");
  expect(markAt(marks, stagePoint(500, 600), place)).toBeNull();
});

test("a label is met on its words and a stroke of one point on its dot", () => {
  const label: Shape = { type: "label", at: { x: 0.1, y: 0.5 }, text: "中隔の動き" };
  expect(distanceToShape(label, stagePoint(140, 490), place)).toBe(0);
  expect(distanceToShape(label, stagePoint(400, 490), place)).toBeGreaterThan(100);
  const dot: Shape = { type: "stroke", points: [{ x: 0.2, y: 0.2 }] };
  expect(distanceToShape(dot, stagePoint(200, 203), place)).toBe(3);
});

test("a person looks the same everywhere and different people differ", () => {
  const ids = Array.from({ length: 40 }, (_, i) => `person-${i}` as Parameters<typeof personLook>[0]);
  expect(personLook(ids[3] ?? (ids[0] as never))).toEqual(personLook(ids[3] as never));
  expect(new Set(ids.map((id) => JSON.stringify(personLook(id)))).size).toBeGreaterThan(10);
});
