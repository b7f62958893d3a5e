import { describe, expect, test } from "vitest";
import { answerTo } from "../../test/golden-answers";
import { EXACT, type Expected, VECTORS } from "../../test/golden-vectors";

/** Whether an answer is as expected. `source` and `decimals` count where the vector names them. */
function isAsExpected(answer: Expected, expected: Expected, tolerance: number): boolean {
  const near = (a: number, b: number) => Math.abs(a - b) <= tolerance;
  const names = Object.keys(expected.values ?? {}).sort();
  const values = names.every((name) => {
    const [want, have] = [expected.values?.[name], answer.values?.[name]];
    return want !== undefined && have !== undefined && near(want[0], have[0]) && want[1] === have[1];
  });
  const decimals = Object.entries(expected.decimals ?? {}).every(
    ([name, count]) => answer.decimals?.[name] === count,
  );
  const [bare, asked] = [answer.uncalibrated, expected.uncalibrated];
  return (
    answer.refusal === expected.refusal &&
    names.join() ===
      Object.keys(answer.values ?? {})
        .sort()
        .join() &&
    values &&
    decimals &&
    (expected.source === undefined || expected.source === answer.source) &&
    JSON.stringify(answer.flags ?? {}) === JSON.stringify(expected.flags ?? {}) &&
    answer.kind === expected.kind &&
    JSON.stringify(answer.shown) === JSON.stringify(expected.shown) &&
    bare?.reason === asked?.reason &&
    near(bare?.pixels ?? 0, asked?.pixels ?? 0)
  );
}

describe("the golden vectors", () => {
  test("are all here", () => {
    expect(VECTORS.length).toBeGreaterThan(100);
  });

  test.each(VECTORS)("$name ($operation)", (vector) => {
    const answer = answerTo(vector);
    const tolerance = vector.tolerance ?? EXACT;
    expect(isAsExpected(answer, vector.expect, tolerance), JSON.stringify(answer)).toBe(true);
  });

  test("would find a number that is off", () => {
    for (const vector of VECTORS) {
      const { values, uncalibrated } = vector.expect;
      const hasNumber = values !== undefined || uncalibrated !== undefined;
      // No number is nearer than nothing at all, so only what has none can still be as expected.
      if (hasNumber) expect(isAsExpected(answerTo(vector), vector.expect, -1), vector.name).toBe(false);
    }
  });
});
