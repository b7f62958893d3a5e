import { describe, expect, test } from "vitest";
import type { Region } from "../wire/region";
import { outline } from "./area";
import { fromRegions } from "./calibration";
import { distance, type Length } from "./distance";
import { envelope } from "./doppler";
import { shown } from "./format";
import { liesIn, type PixelPoint, pixelPoint } from "./points";
import { outcome } from "./refusal";
import { MAX_TRACE_POINTS } from "./trace";
import type { Centimetres, Seconds } from "./units";

const PICTURE = { width: 640, height: 480 };
const PLANE: Region = {
  spatialFormat: "twoD",
  dataType: 1,
  flags: 0,
  bounds: { minX: 0, minY: 0, maxX: 639, maxY: 479 },
  unitsX: "centimetre",
  unitsY: "centimetre",
  deltaX: 0.03,
  deltaY: 0.02,
};
const ON = fromRegions([PLANE], PICTURE);

function circle(points: number): PixelPoint[] {
  return Array.from({ length: points }, (_, i) => {
    const turn = (2 * Math.PI * i) / points;
    return pixelPoint(300 + 100 * Math.cos(turn), 200 + 100 * Math.sin(turn));
  });
}

describe("a point", () => {
  const left = { minX: 0, minY: 0, maxX: 49, maxY: 79 };
  const right = { ...left, minX: 50, maxX: 99 };
  const picture = { width: 100, height: 80 };

  test.each([
    [0, true, false],
    [49.999, true, false],
    [50, false, true],
    [100, false, true],
    [100.001, false, false],
    [-0.001, false, false],
    [Number.NaN, false, false],
  ])("at %d lies in exactly one of two neighbours", (x, inLeft, inRight) => {
    const point = pixelPoint(x, 80);
    expect([liesIn(point, left, picture), liesIn(point, right, picture)]).toEqual([inLeft, inRight]);
  });

  test("lies in no picture of no size", () => {
    expect(liesIn(pixelPoint(0, 0), left, { width: 0, height: 0 })).toBe(false);
  });
});

describe("a trace", () => {
  test("as long as the longest stroke is measured, a longer one is not", () => {
    const most = outline(ON, circle(MAX_TRACE_POINTS));
    expect(most.type === "measured" && most.measured.area.value).toBeCloseTo(Math.PI * 3 * 2, 3);
    const more = outline(ON, circle(MAX_TRACE_POINTS + 1));
    expect(more).toEqual({ type: "refused", refusal: "tooManyPoints" });
  });

  test("without a point is refused before anything is asked of it", () => {
    const none = fromRegions([], PICTURE);
    expect(outline(none, [])).toEqual({ type: "refused", refusal: "tooFewPoints" });
    expect(envelope(none, [])).toEqual({ type: "refused", refusal: "tooFewPoints" });
  });
});

describe("a region that came damaged", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -0])("with pixels of %d cm has no unit", (delta) => {
    const on = fromRegions([{ ...PLANE, deltaY: delta }], PICTURE);
    expect(distance(on, pixelPoint(0, 0), pixelPoint(30, 40))).toEqual({
      type: "measured",
      measured: { type: "uncalibrated", pixels: 50, reason: "noUnit" },
    });
  });
});

describe("what comes out", () => {
  test("without a scale has no place for centimetres", () => {
    const bare: Length = { type: "uncalibrated", pixels: 50 as never, reason: "noUnit" };
    // @ts-expect-error: only a calibrated length has one.
    expect(bare.length).toBeUndefined();
  });

  test("in one unit cannot stand for another", () => {
    const centimetres = 5 as Centimetres;
    // @ts-expect-error: a length is no time.
    const seconds: Seconds = centimetres;
    expect(seconds).toBe(5);
  });

  test("never shows a negative zero", () => {
    expect(Object.is(shown(-0.04, 0.1).value, 0)).toBe(true);
  });

  test("hides no fault of our own behind a refusal", () => {
    const fault = new TypeError("a bug");
    expect(() =>
      outcome(() => {
        throw fault;
      }),
    ).toThrow(fault);
  });
});
