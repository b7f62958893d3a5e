import { afterAll, expect, test, vi } from "vitest";
import type { CaseNumber } from "../wire/case";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { numberName, unitWords } = await import("./case-numbers");

const of = (code: string, name: string): CaseNumber => ({ code, name, value: 4.7, unit: "cm", frames: [] });

test("a code that the panel has a word for is called by it, another one as the report calls it", () => {
  expect(numberName(of("410668003", "Length"))).toBe("長さ");
  const volume = "Left ventricular end diastolic volume single plane 4C (MOD)";
  expect(numberName(of("79999-9", volume))).toBe("拡張末期容積 A4C");
  const width = "Left Ventricle Internal End Diastolic Dimension";
  expect(numberName(of("29436-3", width))).toBe(width);
});

test("units stand as people write them", () => {
  expect(["cm", "cm2", "mm[Hg]", "{H.B.}/min", "%", "deg"].map((unit) => unitWords("12", unit))).toEqual([
    "12 cm",
    "12 cm²",
    "12 mmHg",
    "12 /min",
    "12%",
    "12°",
  ]);
});
