import { h } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PageNode, put, settled, stubPage, unstubPage } from "../../test/page";
import type { CaseRectangle } from "../wire/case";

const SIZE = { width: 800, height: 600 };
const BOX = { left: 100, top: 50, width: 400, height: 300 };

let chosen: CaseRectangle[];
let captured: number[];

beforeEach(() => {
  stubPage();
  [chosen, captured] = [[], []];
});

afterEach(unstubPage);

async function opened(): Promise<PageNode> {
  const { CaseRange } = await import("./case-range");
  const chooses = (range: CaseRectangle) => chosen.push(range);
  const page = await put(h(CaseRange, { url: "blob:1", size: SIZE, lead: "囲む", does: "残す", chooses }));
  const picture = page.one("case-range");
  picture["getBoundingClientRect"] = () => BOX;
  picture["setPointerCapture"] = (pointer: number) => captured.push(pointer);
  return page;
}

async function does(page: PageNode, type: string, clientX = 0, clientY = 0): Promise<void> {
  page.one("case-range").does(type, { clientX, clientY, pointerId: 7 });
  await settled();
}

const sides = (page: PageNode) =>
  ["left", "top", "right", "bottom"].map((side) => page.one(`case-range-${side}`)["value"]);

test("a range is dragged over the picture, and one that ends outside ends at its edge", async () => {
  const page = await opened();
  expect(page.one("case-range-do").says("disabled")).toBeTruthy();
  await does(page, "pointerdown", 300, 200);
  expect(captured).toEqual([7]);
  await does(page, "pointermove", 200, 100);
  expect(sides(page)).toEqual(["200", "100", "400", "300"]);
  await does(page, "pointermove", 9_000, -9_000);
  await does(page, "pointerup", 9_000, -9_000);
  await does(page, "pointermove", 150, 100);
  page.one("form").does("submit");
  expect(chosen).toEqual([{ left: 400, top: 0, right: 799, bottom: 300 }]);
});

test("a range is typed or stepped by keys as well, and is none while it is outside or the wrong way round", async () => {
  const page = await opened();
  const types = async (...values: readonly string[]) => {
    for (const [place, side] of ["left", "top", "right", "bottom"].entries())
      page.one(`case-range-${side}`).types(values[place] ?? "");
    await settled();
    page.one("form").does("submit");
  };
  for (const wrong of [
    ["0", "0", "800", "599"],
    ["0", "0", "799", "600"],
    ["10", "0", "9", "599"],
    ["", "0", "9", "599"],
    ["-1", "0", "9", "599"],
    ["0.5", "0", "9", "599"],
  ])
    await types(...wrong);
  expect(chosen).toEqual([]);
  await types("10", "20", "799", "599");
  expect(chosen).toEqual([{ left: 10, top: 20, right: 799, bottom: 599 }]);
});

test("a drag that the page took away draws nothing", async () => {
  const page = await opened();
  await does(page, "pointerdown", 200, 200);
  await does(page, "pointermove", 300, 300);
  await does(page, "pointercancel");
  page.one("form").does("submit");
  expect(chosen).toEqual([]);
});
