import { describe, expect, test } from "vitest";
import type { StreamId } from "../wire/ids";
import type { Gauge, MeasureKind } from "../wire/measure";
import type { PatientKey } from "../wire/original";
import type { Region } from "../wire/region";
import type { RtpTime } from "../wire/units";
import { type Answer, answer } from "./answer";
import { derived, type MeasuredMark, type Taken, takenLive } from "./derived";
import { calibrationOf } from "./gauge";
import { pixelPoint } from "./points";
import { apex } from "./simpson";

/** Tissue on the left, an M-mode strip at the top right, a Doppler strip with an ECG over it at the bottom right. */
const TISSUE: Region = {
  spatialFormat: "twoD",
  dataType: 1,
  flags: 0,
  bounds: { minX: 0, minY: 0, maxX: 399, maxY: 599 },
  unitsX: "centimetre",
  unitsY: "centimetre",
  deltaX: 0.03,
  deltaY: 0.02,
};
const M_MODE: Region = {
  ...TISSUE,
  spatialFormat: "mMode",
  dataType: 2,
  bounds: { minX: 400, minY: 0, maxX: 799, maxY: 299 },
  unitsX: "second",
  deltaX: 0.005,
};
const DOPPLER: Region = {
  ...M_MODE,
  spatialFormat: "spectral",
  dataType: 3,
  bounds: { minX: 400, minY: 300, maxX: 799, maxY: 599 },
  unitsY: "centimetrePerSecond",
  deltaY: -1.5,
  referencePixel: { x: 0, y: 200 },
  referenceValueX: 0,
  referenceValueY: 0,
};
const ECG: Region = {
  ...M_MODE,
  spatialFormat: "waveform",
  dataType: 10,
  bounds: { minX: 400, minY: 560, maxX: 799, maxY: 599 },
  unitsY: "none",
};
const SIZE = { width: 800, height: 600 };
const ON: Gauge = { ...SIZE, scale: { type: "regions", regions: [TISSUE, M_MODE, DOPPLER, ECG] } };
const BARE: Gauge = { ...SIZE, scale: { type: "pixels" } };

const at = (x: number, y: number) => ({ x: x / SIZE.width, y: y / SIZE.height });
const caliper = (gauge: Gauge, ...points: [number, number][]): Answer =>
  answer(
    { type: "caliper" },
    points.map(([x, y]) => at(x, y)),
    gauge,
  );
const figures = (said: Answer) =>
  said.type === "refused" ? said.refusal : said.figures.map(({ name, value, unit }) => [name, value, unit]);

describe("a caliper", () => {
  test("in tissue is a length, with both sides of its pixels", () => {
    const said = caliper(ON, [100, 100], [200, 200]);
    expect(figures(said)).toEqual([["length", 3.6, "cm"]]);
    expect(said).toMatchObject({ source: { type: "region", index: 0 } });
  });

  test("in an M-mode strip is a time and a depth", () => {
    expect(figures(caliper(ON, [500, 100], [600, 200]))).toEqual([
      ["time", 500, "ms"],
      ["depth", 2, "cm"],
    ]);
  });

  test("in a Doppler strip is a time, a change of velocity and a slope", () => {
    expect(figures(caliper(ON, [500, 500], [600, 440]))).toEqual([
      ["time", 500, "ms"],
      ["change", 90, "cm/s"],
      ["slope", 180, "cm/s²"],
    ]);
  });

  test("across regions, outside them and without any stays in pixels, and says why", () => {
    const reasons = [
      caliper(ON, [390, 100], [410, 100]),
      caliper(BARE, [0, 0], [300, 400]),
      caliper({ ...ON, scale: { type: "regions", regions: [M_MODE] } }, [0, 0], [300, 400]),
    ].map((said) => said.type === "uncalibrated" && said.reason);
    expect(reasons).toEqual(["crossesRegions", "noRegions", "outsideRegions"]);
    expect(figures(caliper(BARE, [0, 0], [300, 400]))).toEqual([["length", 500, "px"]]);
  });

  test("of a depth scale that somebody marked is a length for the whole picture", () => {
    const scale = {
      id: "s" as never,
      stream: "t" as never,
      ...SIZE,
      from: at(700, 100),
      to: at(700, 500),
      centimetres: 10,
    };
    const marked: Gauge = {
      ...SIZE,
      scale: { type: "depth", by: { scale, author: { type: "relay" }, at: 1 as never } },
    };
    const said = caliper(marked, [0, 0], [300, 400]);
    expect(figures(said)).toEqual([["length", 12.5, "cm"]]);
    expect(said).toMatchObject({ source: { type: "depthScale" } });
  });
});

describe("a slope", () => {
  const slope = (...points: [number, number][]): Answer =>
    answer(
      { type: "slope" },
      points.map(([x, y]) => at(x, y)),
      ON,
    );

  test("in an M-mode strip is of depth, in a Doppler strip of velocity, and says what it is made of", () => {
    expect(figures(slope([500, 100], [600, 200]))).toEqual([
      ["depthSlope", 4, "cm/s"],
      ["time", 500, "ms"],
      ["depth", 2, "cm"],
    ]);
    expect(figures(slope([500, 500], [600, 440]))).toEqual([
      ["slope", 180, "cm/s²"],
      ["time", 500, "ms"],
      ["change", 90, "cm/s"],
    ]);
  });

  test("takes time, and is none in tissue", () => {
    expect(slope([500, 100], [500, 200])).toEqual({ type: "refused", refusal: "noExtent" });
    expect(slope([100, 100], [200, 200])).toEqual({ type: "refused", refusal: "noUnit" });
  });
});

test("an end of a beat has no figure of its own", () => {
  for (const what of [{ type: "beatStart" }, { type: "beatEnd", beats: 1 }] as const)
    expect(answer(what, [at(1, 1)], BARE)).toMatchObject({ type: "figures", figures: [] });
});

test("what needs a scale has no value without one", () => {
  const triangle = [at(10, 10), at(90, 10), at(90, 90)];
  const kinds: MeasureKind[] = [
    { type: "area" },
    { type: "angle" },
    { type: "envelope" },
    { type: "slope" },
    { type: "ventricle", view: "a4c", phase: "endDiastole" },
  ];
  for (const what of kinds) {
    expect(answer(what, triangle, BARE), what.type).toEqual({ type: "refused", refusal: "noRegions" });
  }
});

test("a kind that is newer than this page has no value and breaks nothing", () => {
  const said = answer({ type: "strain" } as never, [at(1, 1)], ON);
  expect(said).toEqual({ type: "refused", refusal: "tooFewPoints" });
});

test("the apex is the farthest point in the body and not on the screen", () => {
  const wide: Region = { ...TISSUE, deltaX: 0.06, bounds: { minX: 20, minY: 20, maxX: 619, maxY: 459 } };
  const on = calibrationOf({ width: 640, height: 480, scale: { type: "regions", regions: [wide] } });
  const outline = [pixelPoint(290, 200), pixelPoint(400, 210), pixelPoint(300, 400), pixelPoint(310, 200)];
  expect(apex(on, outline)).toEqual({ type: "measured", measured: pixelPoint(400, 210) });
});

describe("what follows from several measurements", () => {
  const square: Region = { ...TISSUE, deltaY: 0.03 };
  const gauge: Gauge = { ...SIZE, scale: { type: "regions", regions: [square] } };
  const NOW: Taken = { timeline: "stream", rtpTime: 0 as RtpTime };
  /** Half a spheroid of this length and width, from one end of the annulus over the apex to the other. */
  const wall = (length: number, width: number) =>
    Array.from({ length: 61 }, (_, i) => {
      const turn = (Math.PI * i) / 60;
      return at(200 - (width / 2) * Math.cos(turn), 500 - length * Math.sin(turn));
    });
  const ventricle = (
    view: "a4c" | "a2c",
    phase: "endDiastole" | "endSystole",
    length: number,
    width: number,
  ): MeasuredMark => ({
    what: { type: "ventricle", view, phase },
    points: wall(length, width),
    gauge,
    taken: NOW,
  });
  const cava = (extent: "largest" | "smallest", pixels: number): MeasuredMark => ({
    what: { type: "venaCava", extent },
    points: [at(100, 100), at(100 + pixels, 100)],
    gauge,
    taken: NOW,
  });
  const beat = (what: MeasureKind, rtpTime: number, timeline = "stream"): MeasuredMark => ({
    what,
    points: [at(100, 100)],
    gauge: BARE,
    taken: { timeline, rtpTime: rtpTime as RtpTime },
  });
  const summary = (marks: readonly MeasuredMark[]) =>
    derived(marks).map(({ name, answer: said }) => [name, "value" in said ? said.value : said.refusal]);

  test("an ejection fraction needs both ends of the beat, and takes the newest of each", () => {
    const diastole = ventricle("a4c", "endDiastole", 300, 150);
    expect(summary([diastole])).toEqual([]);
    // A volume goes with the square of the width.
    const half = ventricle("a4c", "endSystole", 300, 150 * Math.SQRT1_2);
    expect(summary([diastole, half])).toEqual([["efA4c", 50]]);
    expect(summary([diastole, half, ventricle("a4c", "endSystole", 300, 75)])).toEqual([["efA4c", 75]]);
  });

  test("two views together come before each alone", () => {
    const marks = (["a4c", "a2c"] as const).flatMap((view) => [
      ventricle(view, "endDiastole", 300, 150),
      ventricle(view, "endSystole", 300, 75),
    ]);
    expect(summary(marks)).toEqual([
      ["efBiplane", 75],
      ["efA4c", 75],
      ["efA2c", 75],
    ]);
    expect(derived(marks)[0]?.lengthsDiffer).toBe(false);
    expect(derived(marks).map(({ parts }) => parts.map(({ mark }) => marks.indexOf(mark)))).toEqual([
      [0, 1, 2, 3],
      [0, 1],
      [2, 3],
    ]);
  });

  test("a foreshortened view is said so", () => {
    const marks = [
      ventricle("a4c", "endDiastole", 300, 150),
      ventricle("a4c", "endSystole", 280, 100),
      ventricle("a2c", "endDiastole", 200, 150),
      ventricle("a2c", "endSystole", 180, 100),
    ];
    expect(derived(marks)[0]).toMatchObject({ name: "efBiplane", lengthsDiffer: true });
  });

  test("swapped ends of the beat and of the breath are refused, never negative", () => {
    const beat = [ventricle("a4c", "endDiastole", 300, 75), ventricle("a4c", "endSystole", 300, 150)];
    expect(summary(beat)).toEqual([["efA4c", "swapped"]]);
    expect(summary([cava("largest", 50), cava("smallest", 60)])).toEqual([["collapse", "swapped"]]);
  });

  test("a value names the marks that it is made of, the larger end first, with where their scales come from", () => {
    const region = { type: "region", index: 0 };
    const beat = (["endSystole", "endDiastole"] as const).map((phase) => ventricle("a2c", phase, 300, 99));
    const breath = [cava("smallest", 30), cava("largest", 50), cava("largest", 60)];
    const [fraction, collapse] = derived([...beat, ...breath]);
    const [systole, diastole] = beat;
    expect(fraction?.parts).toMatchObject([
      { mark: diastole, source: region },
      { mark: systole, source: region },
    ]);
    expect(collapse?.parts.map(({ mark }) => mark)).toEqual([breath[2], breath[0]]);
  });

  test("a heart rate between two frames needs no scale of theirs, and takes the newest ends", () => {
    const [start, end] = [{ type: "beatStart" }, { type: "beatEnd", beats: 2 }] as const;
    expect(summary([beat(start, 0)])).toEqual([]);
    expect(summary([beat(start, 0), beat(end, 144_000)])).toEqual([["heartRate", 75]]);
    // Whichever was captured first.
    expect(summary([beat(end, 0), beat(start, 20_000), beat(start, 144_000)])).toEqual([["heartRate", 75]]);
    expect(derived([beat(start, 0), beat(end, 144_000)])[0]?.parts.map(({ source }) => source.type)).toEqual([
      "capture",
      "capture",
    ]);
  });

  test("nothing follows from two sources, which may show two patients, and it says so", () => {
    const elsewhere = (mark: MeasuredMark): MeasuredMark => ({
      ...mark,
      taken: { ...NOW, timeline: "other" },
    });
    const breath = [cava("largest", 60), cava("smallest", 30)] as const;
    const [widest, narrowest] = breath;
    expect(summary([widest, elsewhere(narrowest)])).toEqual([["collapse", "otherSource"]]);
    // Nor is an older one of the same source taken instead, before the breath is measured there as a whole.
    expect(summary([...breath, elsewhere(narrowest)])).toEqual([["collapse", "otherSource"]]);
    expect(summary([...breath, ...breath.map(elsewhere)])).toEqual([["collapse", 50]]);
    const ends = (view: "a4c" | "a2c") => [
      ventricle(view, "endDiastole", 300, 150),
      ventricle(view, "endSystole", 300, 75),
    ];
    // Each view is whole, but not both together.
    expect(summary([...ends("a4c"), ...ends("a2c").map(elsewhere)])).toEqual([
      ["efBiplane", "otherSource"],
      ["efA4c", 75],
      ["efA2c", 75],
    ]);
    const [diastole, systole] = ends("a4c");
    if (diastole === undefined || systole === undefined) throw new Error("two ends");
    expect(summary([diastole, elsewhere(systole)])).toEqual([["efA4c", "otherSource"]]);
  });

  test("one stream whose agent says of its frames that they may show another patient is two sources", () => {
    const of = (patient: number | undefined) => (mark: MeasuredMark) => {
      const gauge: Gauge =
        patient === undefined ? mark.gauge : { ...mark.gauge, patient: patient as PatientKey };
      return { ...mark, gauge, taken: takenLive("stream" as StreamId, 0 as RtpTime, gauge) };
    };
    const [widest, narrowest] = [cava("largest", 60), cava("smallest", 30)];
    expect(summary([of(1)(widest), of(2)(narrowest)])).toEqual([["collapse", "otherSource"]]);
    expect(summary([of(1)(widest), of(1)(narrowest)])).toEqual([["collapse", 50]]);
    expect(summary([of(undefined)(widest), of(undefined)(narrowest)])).toEqual([["collapse", 50]]);
  });

  test("frames of two streams have no rate between them, nor has one frame", () => {
    const [start, end] = [{ type: "beatStart" }, { type: "beatEnd", beats: 1 }] as const;
    expect(summary([beat(start, 0), beat(end, 90_000, "other")])).toEqual([["heartRate", "otherSource"]]);
    expect(summary([beat(start, 9), beat(end, 9)])).toEqual([["heartRate", "noExtent"]]);
  });

  test("a vena cava collapses by the part that it loses", () => {
    expect(summary([cava("largest", 60), cava("smallest", 30)])).toEqual([["collapse", 50]]);
    const inPixels = { ...cava("smallest", 30), gauge: BARE };
    expect(summary([cava("largest", 60), inPixels])).toEqual([]);
  });
});
