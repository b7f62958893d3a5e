import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Drawable, Veil } from "./veil";

class Pixels {
  constructor(
    readonly width: number,
    readonly height: number,
  ) {}
}

const drawn: unknown[] = [];
const context = {
  putImageData: (picture: unknown) => drawn.push(picture),
  drawImage: (picture: unknown) => drawn.push(picture),
};

beforeEach(() => {
  vi.useFakeTimers();
  drawn.length = 0;
  vi.stubGlobal("ImageData", Pixels);
  vi.stubGlobal("document", {
    createElement: () => ({ width: 0, height: 0, hidden: false, getContext: () => context }),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const veil = () => new Veil({ style: { visibility: "" } } as HTMLVideoElement);
const original = () => new Pixels(800, 600) as unknown as ImageData;
const isDrawn = (it: Veil) => it.video.style.visibility !== "hidden";

test("under a still the video is not drawn as long as it tells its frames", () => {
  const it = veil();
  expect(it.show(original(), true)).toBe(true);
  expect([it.isDown, it.cover.width, it.cover.height, isDrawn(it)]).toEqual([true, 800, 600, false]);
  for (let n = 0; n < 30; n++) {
    vi.advanceTimersByTime(500);
    it.painted();
  }
  expect(isDrawn(it)).toBe(false);
});

test("a browser that stops a hidden video gets it back, and it is not hidden again", () => {
  const it = veil();
  it.show(original(), true);
  vi.advanceTimersByTime(700);
  expect([it.isDown, isDrawn(it)]).toEqual([true, true]);
  it.show(original(), true);
  expect(isDrawn(it)).toBe(true);
});

test("the cover goes with the next frame of the video, so that nothing flashes up between them", () => {
  const it = veil();
  it.show(original(), true);
  it.lift();
  expect([it.isDown, isDrawn(it)]).toEqual([true, true]);
  it.painted();
  expect(it.isDown).toBe(false);
});

test("a video that has stopped is seen again all the same", () => {
  const it = veil();
  it.show(original(), true);
  it.lift();
  vi.advanceTimersByTime(150);
  expect([it.isDown, isDrawn(it)]).toEqual([false, true]);
});

test("a freeze right after a release stays", () => {
  const it = veil();
  it.show(original(), true);
  it.lift();
  it.show(original(), true);
  vi.advanceTimersByTime(150);
  it.painted();
  expect([it.isDown, isDrawn(it)]).toEqual([true, false]);
});

test("the last frame before a new connection covers a video that is drawn, and goes at once", () => {
  const it = veil();
  it.show({ displayWidth: 640, displayHeight: 480 } as Drawable, false);
  expect([it.isDown, it.cover.width, isDrawn(it)]).toEqual([true, 640, true]);
  it.lift();
  expect(it.isDown).toBe(false);
});

test("a frame that was given back meanwhile leaves what stood there", () => {
  const it = veil();
  it.show(original(), true);
  expect(it.show({ width: 0, height: 0 } as Drawable, true)).toBe(false);
  expect([it.isDown, it.cover.width, drawn.length]).toEqual([true, 800, 1]);
});
