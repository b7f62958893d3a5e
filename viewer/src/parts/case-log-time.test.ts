import { beforeEach, describe, expect, test } from "vitest";
import { language } from "../i18n/language";
import { distanceOf } from "./case-log-time";

describe("a distance in a case's log", () => {
  beforeEach(() => {
    language.value = "ja";
  });

  test("has its sign, and tenths up to a minute", () => {
    expect([0, 40, 6_049, 59_900].map(distanceOf)).toEqual(["+0.0 秒", "+0.0 秒", "+6.0 秒", "+59.9 秒"]);
    expect(distanceOf(-2_500)).toBe("−2.5 秒");
  });

  test("has whole seconds from a minute on, and never sixty of them", () => {
    expect([59_960, 60_000, 119_700, -3_599_600].map(distanceOf)).toEqual([
      "+1 分 0 秒",
      "+1 分 0 秒",
      "+2 分 0 秒",
      "−60 分 0 秒",
    ]);
  });
});
