import { h } from "preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clipTable, even } from "../../test/clip-tables";
import { type PageNode, put, settled, stubPage, unstubPage, Watched } from "../../test/page";
import type { CaseDesk } from "../net/cases";
import type { CaseClip, CaseDrawn, CaseLog, CaseMade } from "../wire/case";

const LINE = { frame: 2, points: [{ x: 0.1, y: 0.1 }] };
const DRAWN = { lines: [LINE], numbers: [] } as unknown as CaseDrawn;
const DOCTOR = { type: "person", role: "cardiologist", number: 2 };
const LOG = {
  clip: "2.25.1",
  marks: null,
  measurements: null,
  from: "firstFrame",
  lines: [
    { ms: -900, by: DOCTOR, frame: null, event: { type: "seen", level: "late", ageMs: 420 } },
    { ms: 75_000, by: DOCTOR, frame: 2, event: { type: "frozen" } },
    { ms: 76_000, by: DOCTOR, frame: 2, event: { type: "marked", kind: "caliper", again: true } },
    { ms: 77_000, by: { type: "device" }, frame: null, event: { type: "clipSaved" } },
  ],
  leftOut: 3,
} as unknown as CaseLog;
/** Longer than a frame takes from one to the next. */
const FRAME_MS = 34;

let drawn: () => Promise<CaseDrawn>;
/** Nothing for a clip that has none. */
let log: (() => Promise<CaseLog>) | null;
let lefts: (number | null)[];
let covers: unknown[];
let asked: Set<number>;

beforeEach(() => {
  stubPage();
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  [drawn, log, lefts, covers, asked] = [async () => DRAWN, null, [], [], new Set()];
});

afterEach(async () => {
  await unstubPage();
  vi.restoreAllMocks();
});

async function opened(frames: number, marks = false, apartUs = 33_333): Promise<PageNode> {
  const { CasePlayer } = await import("./case-player");
  let addresses = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    addresses += 1;
    return `blob:${addresses}`;
  });
  const desk = {
    frame: async (_: number, index: number) => {
      asked.add(index);
      return { size: 1_000 };
    },
    drawn: () => drawn(),
    log: () => log?.(),
    table: async () => clipTable(even(frames, apartUs)),
    covers: async (_: number, cover: unknown) => covers.push(cover),
  } as unknown as CaseDesk;
  const made = { frames, width: 800, height: 600, marks, measurements: false, log: log !== null } as CaseMade;
  const clip = { number: 1, cover: { keep: [], blank: [] }, made } as unknown as CaseClip;
  const doing = async () => undefined;
  const onLeft = (left: number | null) => lefts.push(left);
  const page = await put(h(CasePlayer, { desk, clip, made, isDraft: true, doing, onLeft }));
  // Somebody scrolled to the clip.
  Watched.see([page.childNodes[0] as PageNode, picture(page)]);
  await settled();
  return page;
}

/** The large one, with what is around it. */
function picture(page: PageNode): PageNode {
  return page.childNodes[0]?.childNodes[0] as PageNode;
}

/** Scrolls so that these frames of the sheet stand on the screen. */
async function stand(page: PageNode, from: number, count: number): Promise<void> {
  const cells = page.find("case-cell");
  Watched.see(cells, false);
  Watched.see(cells.slice(from, from + count));
  await settled(500);
}

describe("the tick of a clip", () => {
  test("waits for every frame of the sheet, and not for the last one", async () => {
    const page = await opened(30);
    expect(lefts.at(-1), "the first one is in the large picture").toBe(29);
    await stand(page, 26, 4);
    expect(lefts.at(-1)).toBe(25);
    for (let from = 0; from < 30; from += 6) await stand(page, from, 6);
    expect(lefts.at(-1)).toBe(0);
  });

  test("is there after one run through the large picture, which leaves no frame out", async () => {
    // A hundred a second, which no screen shows.
    const page = await opened(120, false, 10_000);
    page.one("case-play").does("click");
    await settled(120 * FRAME_MS + 1_000);
    expect(lefts.at(-1)).toBe(0);
    expect(page.find("case-unseen")).toEqual([]);
  });

  test("does not come by a run that nobody looks at, because the picture is off the screen", async () => {
    const page = await opened(30);
    Watched.see([picture(page)], false);
    page.one("case-play").does("click");
    await settled(2_000);
    expect(lefts.at(-1)).toBe(29);
    Watched.see([picture(page)]);
    await settled(2_000);
    expect(lefts.at(-1)).toBe(0);
  });

  test("comes frame by frame too, by a press each", async () => {
    const page = await opened(4);
    for (let press = 0; press < 3; press += 1) {
      page.one("case-unseen").does("click");
      await settled();
    }
    expect(lefts.at(-1)).toBe(0);
  });

  test("waits for what was drawn, and says when it does not come", async () => {
    drawn = () => Promise.reject(new Error("503"));
    const page = await opened(6, true);
    await stand(page, 0, 6);
    expect(lefts.at(-1)).toBeNull();
    expect(page.text).toContain("書き込み・計測を読めません");
    drawn = async () => DRAWN;
    const [again] = page.find("button").filter(({ text }) => text === "もう一度");
    again?.does("click");
    await settled(500);
    expect(page.text).not.toContain("書き込み・計測を読めません");
    expect(lefts.at(-1)).toBe(0);
  });

  test("waits for how the consult went, and says when that does not come", async () => {
    log = () => Promise.reject(new Error("503"));
    const page = await opened(6);
    await stand(page, 0, 6);
    expect(lefts.at(-1)).toBeNull();
    expect(page.text).toContain("相談の流れが届きません");
    log = async () => LOG;
    const [again] = page.find("button").filter(({ text }) => text === "もう一度");
    again?.does("click");
    await settled(500);
    expect(page.text).not.toContain("相談の流れが届きません");
    expect(lefts.at(-1)).toBe(0);
  });

  test("does not count a frame whose lines are hidden", async () => {
    const page = await opened(3, true);
    page.one("case-marks").does("click");
    for (let press = 0; press < 2; press += 1) {
      page.one("case-unseen").does("click");
      await settled();
    }
    expect(lefts.at(-1)).toBe(1);
    page.one("case-marks").does("click");
    await settled();
    expect(lefts.at(-1)).toBe(0);
  });
});

test("how the consult went stands in words, and what happened on a frame leads to it", async () => {
  log = async () => LOG;
  const page = await opened(4);
  const said = page.one("case-log").text;
  for (const words of [
    "−0.9 秒循環器医 2映像の届き方: 遅れ(撮影から 420 ms)",
    "+1 分 15 秒循環器医 2静止したフレーム 3",
    "循環器医 2キャリパーを入れ直したフレーム 3",
    "送信端末このクリップを保存した",
    "ほかに 3 行",
  ]) {
    expect(said).toContain(words);
  }
  expect(page.text).toContain("フレーム 1 / 4");
  page.find("case-log-frame")[0]?.does("click");
  await settled();
  expect(page.text).toContain("フレーム 3 / 4");
  const shown = page.all.filter(({ isScrolledTo }) => isScrolledTo);
  expect(
    shown.map((node) => node.find("case-picture").length),
    "the picture, not the list",
  ).toEqual([1]);
});

test("what was drawn stands on its frame in the sheet, and on no other", async () => {
  const page = await opened(6, true);
  await stand(page, 0, 6);
  const lines = page.find("case-cell").map((cell) => cell.find("polyline").length);
  expect(lines).toEqual([0, 0, 2, 0, 0, 0]);
});

test("of a recorded minute a portion is laid out, and what is near is asked for", async () => {
  const page = await opened(3_600);
  expect(page.find("case-cell")).toHaveLength(120);
  await stand(page, 0, 12);
  expect(asked.size).toBeLessThanOrEqual(40);
  const next = page.one("case-portion").find("button").at(-1);
  next?.does("click");
  await settled();
  await stand(page, 0, 2);
  expect([...asked].filter((index) => index >= 100)).toEqual([120, 121]);
  expect(page.one("case-portion").text).toContain("121–240 / 3600");
});
