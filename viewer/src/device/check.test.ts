import { expect, test } from "vitest";
import type { CheckFinding, CheckLevel, CheckSays } from "../wire/check";
import { verdict, wordOf } from "./check";

const found = (level: CheckLevel): CheckFinding => ({
  what: "disk",
  level,
  says: { type: "noSpool" },
  action: null,
});

test("the worst of what was found is the verdict", () => {
  const of = (...levels: CheckLevel[]) => verdict({ running: false, findings: levels.map(found), tookMs: 1 });
  expect(of("good", "good")).toBe("good");
  expect(of("good", "attention")).toBe("attention");
  expect(of("bad", "attention")).toBe("bad");
});

test("an encoder at work and a clock that is off have words of their own", () => {
  const codes: CheckSays = { type: "codes", name: "libx264" };
  expect(wordOf(codes)).toBe("codesNow");
  expect(wordOf({ ...codes, ms: 6 })).toBe("codes");
  expect(wordOf({ type: "offBy", seconds: 61, ahead: true })).toBe("ahead");
  expect(wordOf({ type: "offBy", seconds: 61, ahead: false })).toBe("behind");
});
