import { type Signal, signal } from "@preact/signals";
import { h } from "preact";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { wordsBy } from "../../test/words-of";
import type { FrameOnGlass } from "../clip/player";
import { stagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";
import { type Box, onPicture, toPicture, toStage, WHOLE } from "../stage/view";
import type { Region } from "../wire/region";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { ClipMeasuring } = await import("../clip/measuring");
const { ReplayMeasure } = await import("./replay-measure");

const BOX: Box = { x: 0, y: 0, width: 400, height: 300 };
const STAGE = {
  covers: (at: Parameters<Stage["covers"]>[0]) => onPicture(at, BOX, WHOLE),
  under: (at: Parameters<Stage["under"]>[0]) => toPicture(at, BOX, WHOLE),
  place: (at: Parameters<Stage["place"]>[0]) => toStage(at, BOX, WHOLE),
  reveal: () => undefined,
} as unknown as Stage;
const REGION: Region = {
  bounds: { minX: 0, minY: 0, maxX: 399, maxY: 299 },
  spatialFormat: "twoD",
  dataType: 1,
  flags: 0,
  unitsX: "centimetre",
  unitsY: "centimetre",
  deltaX: 0.05,
  deltaY: 0.05,
};
const BY_HAND = "手動校正: 手で付けた縮尺";
const frame = (index: number, handScale: boolean, regions: readonly Region[] = [REGION]) =>
  ({
    width: 400,
    height: 300,
    index,
    atUs: index * 100_000,
    rtpTime: null,
    regions,
    handScale,
  }) as unknown as FrameOnGlass;

let shown: Signal<FrameOnGlass>;
let measuring: InstanceType<typeof ClipMeasuring>;

beforeEach(async () => {
  shown = signal(frame(4, true));
  measuring = await on("clip");
});

/** Measuring on the frame shown, as one of this clip. */
async function on(clip: string): Promise<typeof measuring> {
  const player = { frame: shown, playing: signal(false), pause: () => undefined, place: { clip } };
  const made = new ClipMeasuring(player as unknown as ConstructorParameters<typeof ClipMeasuring>[0], {
    stage: () => STAGE,
    explain: () => undefined,
    explainFull: () => undefined,
    words: () => null,
    isOn: () => true,
  });
  made.toggle();
  await vi.waitFor(() => expect(made.hand.rules.peek()).not.toBeNull());
  return made;
}

function tap(x: number, y: number): void {
  measuring.hand.press(stagePoint(x, y));
  measuring.hand.lift(stagePoint(x, y));
}

function across(pixels: number): void {
  tap(100, 100);
  tap(100 + pixels, 100);
}

function cava(extent: "largest" | "smallest", pixels: number): void {
  measuring.hand.choose({ type: "measure", what: { type: "venaCava", extent } });
  across(pixels);
  measuring.hand.place();
}

const read = (testId: string, isPaired = false) => wordsBy(testId, h(ReplayMeasure, { measuring, isPaired }));

describe("measured on a clip whose scale a person marked", () => {
  test("every row, the value in the making and the line of the scale say so", () => {
    across(100);
    expect(read("measure-value")).toEqual([expect.stringContaining(BY_HAND)]);
    measuring.hand.place();
    expect(read("replay-measured")).toEqual([
      expect.stringMatching(/5\.0+ cm手動校正: 手で付けた縮尺フレーム 5/),
    ]);
    expect(read("replay-scale")).toEqual([BY_HAND]);
  });

  test("so does what follows from several, with its frames", () => {
    for (const [extent, pixels, index] of [
      ["largest", 60, 4],
      ["smallest", 30, 9],
    ] as const) {
      shown.value = frame(index, true);
      cava(extent, pixels);
    }
    expect(read("measure-derived")).toEqual([`IVC 虚脱率 50%${BY_HAND}フレーム 5 · フレーム 10`]);
  });

  test("a heart rate goes by the times of the frames, which no person marked", () => {
    for (const [what, index] of [
      [{ type: "beatStart" }, 3],
      [{ type: "beatEnd", beats: 1 }, 11],
    ] as const) {
      shown.value = frame(index, true);
      measuring.hand.choose({ type: "measure", what });
      tap(100, 100);
      measuring.hand.place();
    }
    expect(read("measure-derived")).toEqual([
      "心拍数(フレーム間) 75 /min時間: フレームの撮影時刻フレーム 4 · フレーム 12",
    ]);
  });

  test("a place without a scale is in pixels, and no person's scale is claimed for it", () => {
    shown.value = frame(4, true, []);
    across(100);
    measuring.hand.place();
    expect(read("replay-measured")).toEqual([expect.stringMatching(/100 px 未校正/)]);
    expect(read("replay-measured").join()).not.toContain("手動");
    expect(read("replay-scale")).toEqual(["px 未校正"]);
  });
});

test("the scale that the device stated is called by its region", () => {
  shown.value = frame(4, false);
  across(100);
  measuring.hand.place();
  expect(read("replay-measured")).toEqual([expect.stringContaining("校正: DICOM 領域 1")]);
  expect(read("replay-scale")).toEqual(["校正: DICOM 領域"]);
  expect(read("replay-measured").join()).not.toContain("手動");
});

test("two clips side by side, perhaps of two patients, are never brought together, and the page says why", async () => {
  const [one, other] = [measuring, await on("other")];
  cava("largest", 60);
  measuring = other;
  cava("smallest", 30);
  for (const each of [one, other]) {
    measuring = each;
    expect(read("replay-measured", true)).toHaveLength(1);
    expect(read("measure-derived", true)).toEqual([]);
    expect(read("replay-measuring", true).join()).toContain("別の患者");
    expect(read("replay-measuring").join()).not.toContain("別の患者");
  }
  // Nor where their measurements came into one list.
  measuring = one;
  one.measured.value = [...other.measured.value, ...one.measured.value];
  expect(read("measure-derived")).toEqual([expect.stringContaining("まとめません")]);
});
