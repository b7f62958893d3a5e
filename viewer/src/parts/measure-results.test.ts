import { type Signal, signal } from "@preact/signals";
import { h } from "preact";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { elementsOf, wordsBy, wordsOf } from "../../test/words-of";
import type { Consult } from "../live/consult";
import type { Desk } from "../live/desk";
import type { GaugeScale, MeasureKind } from "../wire/measure";
import type { Author, Rights } from "../wire/people";
import type { Region } from "../wire/region";
import type { MarkState } from "../wire/socket";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { Measuring } = await import("../live/measuring");
// What comes later is here at once.
vi.mock("./later", async () => {
  const { MeasureResults } = await import("./measure-results");
  return { useLater: () => ({ part: MeasureResults, failed: false }) };
});
const { MeasureResults } = await import("./measure-results");
const { LazyMeasureResults } = await import("./lazy-measure");
const { ListPanel } = await import("./list-panel");
const { MarkCard } = await import("./mark-card");

const SIZE = { width: 800, height: 600 };
const at = (x: number, y: number) => ({ x: x / SIZE.width, y: y / SIZE.height });
const DOCTOR: Author = {
  type: "person",
  session: "s" as never,
  person: "p" as never,
  name: "佐藤",
  initials: "佐",
  role: "cardiologist",
};
const REGION: Region = {
  spatialFormat: "twoD",
  dataType: 1,
  flags: 0,
  bounds: { minX: 0, minY: 0, maxX: 799, maxY: 599 },
  unitsX: "centimetre",
  unitsY: "centimetre",
  deltaX: 0.02,
  deltaY: 0.02,
};
const STATED: GaugeScale = { type: "regions", regions: [REGION] };
const MARKED: GaugeScale = {
  type: "depth",
  by: {
    scale: {
      id: "scale" as never,
      stream: "stream" as never,
      ...SIZE,
      from: at(700, 100),
      to: at(700, 500),
      centimetres: 8,
    },
    author: DOCTOR,
    at: 1 as never,
  },
};

/** The inner wall of a ventricle that is so wide. */
const wall = (width: number) =>
  Array.from({ length: 61 }, (_, i) => {
    const turn = (Math.PI * i) / 60;
    return at(200 - (width / 2) * Math.cos(turn), 500 - 300 * Math.sin(turn));
  });

function mark(frame: number, what: MeasureKind, points: number | ReturnType<typeof wall>, scale: GaugeScale) {
  const across = typeof points === "number" ? [at(100, 100), at(100 + points, 100)] : points;
  return {
    mark: {
      id: `${what.type} ${frame}`,
      anchor: { type: "live", stream: "stream", rtpTime: frame * 3_000 },
      shape: { type: "measure", what, points: across, by: { type: "regions" } },
      pen: "green",
      drawnOn: "freeze",
    },
    author: DOCTOR,
    at: 1_000_000,
    pinned: false,
    gauge: { ...SIZE, frame: frame - 1, scale },
  } as unknown as MarkState;
}

let marks: Signal<readonly MarkState[]>;
let rights: Signal<Pick<Rights, "draw">>;
let settings: Signal<{ measuring: boolean }>;
let selected: Signal<string | null>;
let desk: Desk;

beforeEach(async () => {
  marks = signal<readonly MarkState[]>([]);
  rights = signal({ draw: true });
  settings = signal({ measuring: true });
  selected = signal<string | null>(null);
  const consult = {
    marks,
    rights,
    stamp: signal(null),
    settings,
    replica: signal({ state: { freeze: null, scales: [] }, takenBack: [] }),
    pending: signal([]),
    people: signal([]),
  } as unknown as Consult;
  const measuring = new Measuring({
    consult,
    stage: () => null,
    ground: () => null,
    pen: () => "green",
    explain: () => undefined,
    explainFull: () => undefined,
  });
  measuring.load();
  await vi.waitFor(() => expect(measuring.rules.peek()).not.toBeNull());
  desk = {
    page: "consult",
    consult,
    measuring,
    freeze: { anchor: () => null },
    hand: { selected },
    isOwn: () => true,
  } as unknown as Desk;
});

const read = (testId: string) => wordsBy(testId, h(MeasureResults, { desk }));

describe("the list of results", () => {
  test("says with each value its unit, the source of its scale and its frame", () => {
    marks.value = [mark(41, { type: "caliper" }, 100, STATED), mark(42, { type: "caliper" }, 100, MARKED)];
    const [newest, before] = read("measure-result");
    expect(newest).toMatch(/2\.0+ cm校正: 佐藤 \d\d:\d\d\(目盛り 8 cm\)フレーム 42 /);
    expect(before).toMatch(/2\.0+ cm校正: DICOM 領域 1フレーム 41 /);
  });

  test("says of an ejection fraction whose scales and which frames it comes from", () => {
    const ventricle = (phase: "endDiastole" | "endSystole") =>
      ({ type: "ventricle", view: "a4c", phase }) as const;
    marks.value = [
      mark(12, ventricle("endDiastole"), wall(150), STATED),
      mark(30, ventricle("endSystole"), wall(75), MARKED),
    ];
    const [said] = read("measure-derived");
    expect(said).toMatch(/^LVEF A4C 75%校正: DICOM 領域 1 · 校正: 佐藤 \d\d:\d\d\(目盛り 8 cm\)/);
    expect(said).toMatch(/フレーム 12 [\d:]+ · フレーム 30 [\d:]+$/);
  });

  test("says of a collapse one scale when it is the same for both, and the newest frames", () => {
    const cava = (extent: "largest" | "smallest") => ({ type: "venaCava", extent }) as const;
    marks.value = [
      mark(7, cava("largest"), 90, STATED),
      mark(8, cava("largest"), 60, STATED),
      mark(19, cava("smallest"), 30, STATED),
    ];
    const [said] = read("measure-derived");
    expect(said).toMatch(/^IVC 虚脱率 50%校正: DICOM 領域 1フレーム 8 [\d:]+ · フレーム 19 [\d:]+$/);
  });
});

test("the list of results says of a rate between frames which, and that their capture times are its scale", () => {
  const [start, end] = [{ type: "beatStart" }, { type: "beatEnd", beats: 1 }] as const;
  marks.value = [mark(12, start, wall(1).slice(0, 1), STATED), mark(42, end, wall(1).slice(0, 1), MARKED)];
  expect(read("measure-derived")).toEqual([
    expect.stringMatching(
      /^心拍数\(フレーム間\) 60 \/min時間: フレームの撮影時刻フレーム 12 [\d:]+ · フレーム 42 [\d:]+$/,
    ),
  ]);
});

describe("the selected mark and the rows of the list", () => {
  const parts = () => [h(MarkCard, { desk }), h(ListPanel, { desk, onClose: () => undefined })];

  test("say beside a value the source of its scale and its frame", () => {
    for (const [scale, source] of [
      [STATED, /校正: DICOM 領域 1 · フレーム 41/],
      [MARKED, /校正: 佐藤 \d\d:\d\d\(目盛り 8 cm\) · フレーム 41/],
    ] as const) {
      marks.value = [mark(41, { type: "caliper" }, 100, scale)];
      selected.value = marks.value[0]?.mark.id ?? null;
      for (const part of parts()) {
        expect(wordsOf(part)).toMatch(/2\.0+ cm/);
        expect(wordsBy("mark-origin", part)).toEqual([expect.stringMatching(source)]);
      }
    }
  });

  test("say of what has no scale that it has none, and its frame", () => {
    marks.value = [mark(41, { type: "caliper" }, 100, { type: "pixels" })];
    selected.value = marks.value[0]?.mark.id ?? null;
    for (const part of parts()) {
      expect(wordsOf(part)).toContain("100 px 未校正");
      expect(wordsBy("mark-origin", part)).toEqual(["フレーム 41"]);
    }
  });
});

describe("the list of people and marks", () => {
  const panel = () => h(ListPanel, { desk, onClose: () => undefined });
  beforeEach(() => {
    marks.value = [mark(41, { type: "caliper" }, 100, STATED)];
  });

  test("has the results for who may not measure, with scale and frame and nothing to press in them", () => {
    rights.value = { draw: false };
    expect(wordsBy("measure-result", panel())).toEqual([
      expect.stringMatching(/2\.0+ cm校正: DICOM 領域 1フレーム 41 /),
    ]);
    const results = elementsOf(panel()).filter(({ props }) => props["data-testid"] === "measure-results");
    expect(results).toHaveLength(1);
    expect(results.flatMap(elementsOf).filter(({ type }) => type === "button")).toEqual([]);
  });

  test("has none for who has the measuring panel", () => {
    expect(wordsBy("measure-results", panel())).toEqual([]);
    expect(elementsOf(h(MeasureResults, { desk })).some(({ type }) => type === "button")).toBe(true);
  });
});

describe("where the installation does not measure", () => {
  /** A number with a unit, or without one where there is no scale. */
  const VALUE = /\d\s*(cm|px|ms|ml|mmHg|%|°)|未校正|値なし|校正/;

  test.each([true, false])("no part of the page has a value of an earlier mark (may draw: %s)", (draw) => {
    rights.value = { draw };
    marks.value = [mark(41, { type: "caliper" }, 100, STATED), mark(42, { type: "caliper" }, 100, MARKED)];
    selected.value = marks.value[0]?.mark.id ?? null;
    const parts = () =>
      [
        h(LazyMeasureResults, { desk }),
        h(ListPanel, { desk, onClose: () => undefined }),
        h(MarkCard, { desk }),
      ].map(wordsOf);
    for (const words of parts()) expect(words).toMatch(VALUE);
    settings.value = { measuring: false };
    const [results, list, card] = parts();
    expect(results).toBe("");
    expect(list).not.toMatch(VALUE);
    expect(card).not.toMatch(VALUE);
    // What it is and whose stays.
    expect([list, card]).toEqual([
      expect.stringMatching(/キャリパー.*佐藤/),
      expect.stringMatching(/キャリパー.*佐藤/),
    ]);
  });
});
