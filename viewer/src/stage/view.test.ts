import { describe, expect, test } from "vitest";
import { picturePoint, type Size, stagePoint } from "./points";
import { letterbox, onPicture, panBy, resized, reveal, toPicture, toStage, WHOLE, zoomAt } from "./view";

const STAGE: Size = { width: 1000, height: 500 };
const PICTURE: Size = { width: 800, height: 600 };
const BOX = letterbox(STAGE, PICTURE);

describe("letterbox", () => {
  test("a 4:3 picture on a wide stage has black at both sides", () => {
    expect(BOX.width).toBeCloseTo(666.67, 1);
    expect(BOX).toMatchObject({ y: 0, height: 500 });
    expect(BOX.x).toBeCloseTo((1000 - BOX.width) / 2);
  });

  test("a picture on an upright stage has black above and below", () => {
    expect(letterbox({ width: 300, height: 900 }, PICTURE)).toEqual({
      x: 0,
      y: 337.5,
      width: 300,
      height: 225,
    });
  });

  test("without a picture there is no box and no point lies on it", () => {
    const none = letterbox(STAGE, { width: 0, height: 0 });
    expect(none.width).toBe(0);
    expect(onPicture(stagePoint(500, 250), none, WHOLE)).toBe(false);
    expect(toPicture(stagePoint(500, 250), none, WHOLE)).toEqual({ x: 0, y: 0 });
  });
});

describe("fractions", () => {
  test("the corners of the picture are 0 and 1", () => {
    expect(toPicture(stagePoint(BOX.x, 0), BOX, WHOLE)).toEqual({ x: 0, y: 0 });
    expect(toPicture(stagePoint(BOX.x + BOX.width, 500), BOX, WHOLE)).toEqual({ x: 1, y: 1 });
  });

  test("a touch on the letterbox is moved to the picture's edge, and known to be outside", () => {
    const outside = stagePoint(10, 250);
    expect(onPicture(outside, BOX, WHOLE)).toBe(false);
    expect(toPicture(outside, BOX, WHOLE)).toEqual({ x: 0, y: 0.5 });
  });

  test("a place goes to the stage and back at any zoom", () => {
    let view = WHOLE;
    for (const [x, y, factor] of [
      [200, 100, 1.7],
      [900, 480, 1.3],
      [10, 10, 2.1],
      [500, 250, 0.6],
    ] as const) {
      view = zoomAt(view, stagePoint(x, y), factor, STAGE);
      const point = picturePoint(0.3141, 0.2718);
      expect(toPicture(toStage(point, BOX, view), BOX, view)).toEqual(point);
    }
  });

  test("fractions have four decimals and never leave 0 to 1", () => {
    expect(picturePoint(0.123456, -3)).toEqual({ x: 0.1235, y: 0 });
    expect(picturePoint(Number.NaN, 7)).toEqual({ x: 0, y: 1 });
  });
});

describe("zoom and pan", () => {
  test("what lies under the fingers stays under them", () => {
    const at = stagePoint(400, 200);
    const before = toPicture(at, BOX, WHOLE);
    const view = zoomAt(WHOLE, at, 3, STAGE);
    expect(view.zoom).toBe(3);
    expect(toPicture(at, BOX, view)).toEqual(before);
  });

  test("zooming out ends at the whole picture in its place", () => {
    const near = zoomAt(WHOLE, stagePoint(900, 450), 4, STAGE);
    expect(zoomAt(near, stagePoint(100, 10), 0.01, STAGE)).toEqual(WHOLE);
  });

  test("the picture cannot be pushed off the stage", () => {
    const view = zoomAt(WHOLE, stagePoint(0, 0), 2, STAGE);
    expect(panBy(view, 5000, 5000, STAGE)).toEqual({ zoom: 2, panX: 0, panY: 0 });
    expect(panBy(view, -5000, -5000, STAGE)).toEqual({ zoom: 2, panX: -1000, panY: -500 });
    expect(panBy(WHOLE, 100, 100, STAGE)).toEqual(WHOLE);
  });

  test("turning the tablet keeps the middle in the middle", () => {
    const view = zoomAt(WHOLE, stagePoint(500, 250), 2, STAGE);
    const turned = resized(view, STAGE, { width: 500, height: 1000 });
    expect(turned).toEqual({ zoom: 2, panX: -250, panY: -500 });
  });

  test("the keyboard's cursor is brought into view", () => {
    const view = zoomAt(WHOLE, stagePoint(0, 0), 4, STAGE);
    const moved = reveal(stagePoint(1200, 250), view, STAGE, 48);
    expect(moved.panX).toBe(view.panX - (1200 - (1000 - 48)));
    expect(reveal(stagePoint(500, 250), view, STAGE, 48)).toBe(view);
  });
});
