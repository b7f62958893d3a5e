import { expect, test } from "vitest";
import { actOf } from "./keys";

const NONE = { freeze: null, save: null };

test("space and F freeze, S and Enter save", () => {
  expect([" ", "f", "F"].map((key) => actOf(key, false, NONE))).toEqual(["freeze", "freeze", "freeze"]);
  expect(["s", "Enter"].map((key) => actOf(key, false, NONE))).toEqual(["save", "save"]);
  expect(actOf("x", false, NONE)).toBeNull();
});

test("a button that has the focus keeps its own keys", () => {
  expect([" ", "Enter", "f"].map((key) => actOf(key, true, NONE))).toEqual([null, null, "freeze"]);
});

test("a foot switch works with whatever key it sends, wherever the focus is", () => {
  const foot = { freeze: "b", save: "Enter" };
  expect(actOf("b", true, foot)).toBe("freeze");
  expect(actOf("Enter", true, foot)).toBe("save");
});
