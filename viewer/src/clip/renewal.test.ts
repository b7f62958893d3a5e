import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Renewal } from "./renewal";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Answers when told to. */
function slowRelay() {
  const waiting: ((isAnswered: boolean) => void)[] = [];
  const ask = vi.fn(() => new Promise<boolean>((resolve) => waiting.push(resolve)));
  return { ask, answer: (isAnswered = true) => waiting.shift()?.(isAnswered) };
}

test("news are asked for at once, and then not more often than the pause allows", async () => {
  const { ask, answer } = slowRelay();
  const renewal = new Renewal(ask, 500, 2_000);
  renewal.news();
  renewal.news();
  await vi.advanceTimersByTimeAsync(0);
  expect(ask).toHaveBeenCalledTimes(1);
  answer();
  await vi.advanceTimersByTimeAsync(10);
  renewal.news();
  await vi.advanceTimersByTimeAsync(480);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(20);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("news that come while an answer is on its way are asked for afterwards", async () => {
  const { ask, answer } = slowRelay();
  const renewal = new Renewal(ask, 500, 2_000);
  renewal.news();
  await vi.advanceTimersByTimeAsync(0);
  renewal.news();
  answer();
  await vi.advanceTimersByTimeAsync(500);
  expect(ask).toHaveBeenCalledTimes(2);
  answer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("what was not answered is asked for again by itself", async () => {
  const { ask, answer } = slowRelay();
  const renewal = new Renewal(ask, 500, 2_000);
  renewal.news();
  await vi.advanceTimersByTimeAsync(0);
  answer(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("after a failure news are asked for sooner than it would by itself", async () => {
  const { ask, answer } = slowRelay();
  const renewal = new Renewal(ask, 500, 2_000);
  renewal.news();
  await vi.advanceTimersByTimeAsync(0);
  answer(false);
  await vi.advanceTimersByTimeAsync(600);
  renewal.news();
  await vi.advanceTimersByTimeAsync(0);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("closed, it asks no more", async () => {
  const { ask, answer } = slowRelay();
  const renewal = new Renewal(ask, 500, 2_000);
  renewal.news();
  await vi.advanceTimersByTimeAsync(0);
  renewal.news();
  renewal.close();
  answer(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
});
