import { expect, test } from "vitest";
import { SoundWatch } from "./silence";

const zeros = { level: 0, energy: 0.5 };

test("five seconds of zeros are a microphone that gives nothing", () => {
  const watch = new SoundWatch();
  expect(watch.look(0, zeros)).toBe(false);
  expect(watch.look(4_900, zeros)).toBe(false);
  expect(watch.look(5_000, zeros)).toBe(true);
  expect(watch.look(5_200, { level: 0.001, energy: 0.6 }), "somebody breathes").toBe(false);
});

test("a sound between two looks counts", () => {
  const watch = new SoundWatch();
  for (let now = 0; now <= 20_000; now += 1_000) {
    expect(watch.look(now, { level: 0, energy: now / 1_000 })).toBe(false);
  }
});

test("a browser that counts no energy is judged by its level alone", () => {
  const watch = new SoundWatch();
  watch.look(0, { level: 0.1, energy: null });
  expect(watch.look(4_000, { level: 0, energy: null })).toBe(false);
  expect(watch.look(5_000, { level: 0, energy: null })).toBe(true);
});

test("what is muted is not silent, and has its five seconds after that", () => {
  const watch = new SoundWatch();
  watch.look(0, zeros);
  expect(watch.look(9_000, null)).toBe(false);
  expect(watch.look(9_200, zeros)).toBe(false);
  expect(watch.look(14_200, zeros)).toBe(true);
});
