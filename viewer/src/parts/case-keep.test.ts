import { h } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { leave, put, settled, stubPage, unstubPage } from "../../test/page";
import type { CaseDesk } from "../net/cases";
import type { CaseRectangle } from "../wire/case";

let kept: CaseRectangle[];
let source: () => Promise<Blob>;
const letGo = vi.fn();

beforeEach(() => {
  stubPage();
  kept = [];
  source = async () => ({ size: 1 }) as Blob;
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:1");
  vi.spyOn(URL, "revokeObjectURL").mockImplementation(letGo);
});

afterEach(async () => {
  await unstubPage();
  vi.restoreAllMocks();
});

async function opened() {
  const { CaseKeep } = await import("./case-keep");
  const desk = { source: () => source() } as unknown as CaseDesk;
  const page = await put(h(CaseKeep, { desk, number: 1, keeps: (range: CaseRectangle) => kept.push(range) }));
  await settled();
  return page;
}

test("what stays of a video is dragged on a picture of it, and is no larger than that", async () => {
  const page = await opened();
  expect(page.one("case-range-picture").says("src")).toBe("blob:1");
  const range = page.one("case-range");
  range["getBoundingClientRect"] = () => ({ left: 0, top: 0, width: 320, height: 240 });
  range["setPointerCapture"] = () => undefined;
  range.does("pointerdown", { clientX: 50, clientY: 20, pointerId: 1 });
  range.does("pointerup", { clientX: 400, clientY: 239, pointerId: 1 });
  await settled();
  page.one("form").does("submit");
  expect(kept).toEqual([{ left: 100, top: 40, right: 639, bottom: 478 }]);
  await leave();
  expect(letGo).toHaveBeenCalledWith("blob:1");
});

test("nothing is drawn while there is no picture to draw it on", async () => {
  source = () => Promise.reject(new Error("404"));
  const page = await opened();
  expect(page.text).toContain("画像を表示できません");
  expect(page.find("form")).toEqual([]);
  source = async () => ({ size: 1 }) as Blob;
  page.one("button").does("click");
  await settled();
  expect(page.find("case-range-picture")).toHaveLength(1);
});
