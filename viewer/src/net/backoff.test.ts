import { expect, test } from "vitest";
import { Backoff } from "./backoff";

test("waits grow, stay below the longest, and begin anew after a success", () => {
  const backoff = new Backoff(200, 4_000, () => 1);
  expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.next())).toEqual([200, 400, 800, 1600, 3200, 4000, 4000]);
  backoff.succeeded();
  expect(backoff.next()).toBe(200);
});

test("chance spreads the waits over the upper half", () => {
  expect(new Backoff(200, 4_000, () => 0).next()).toBe(100);
});
