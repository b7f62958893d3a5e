import { expect, test } from "vitest";
import { changed, dragged, inside, replaced } from "./rectangles";

test("a drag in any direction gives the same rectangle, cut at the picture", () => {
  const there = dragged({ x: 0.1, y: 0 }, { x: 0.6, y: 0.08 });
  expect(there).toEqual({ x: 0.1, y: 0, width: 0.5, height: 0.08 });
  expect(dragged({ x: 0.6, y: 0.08 }, { x: 0.1, y: 0 })).toEqual(there);
  expect(dragged({ x: -3, y: -3 }, { x: 3, y: 0.1 })).toEqual({ x: 0, y: 0, width: 1, height: 0.1 });
});

test("a tap is no rectangle", () => {
  expect(dragged({ x: 0.5, y: 0.5 }, { x: 0.505, y: 0.9 })).toBeNull();
});

test("moving and sizing stay inside the picture", () => {
  const corner = { x: 0.9, y: 0.9, width: 0.1, height: 0.1 };
  expect(changed(corner, "x", 0.005)).toEqual(corner);
  expect(changed(corner, "width", 0.1)).toEqual({ x: 0.8, y: 0.9, width: 0.2, height: 0.1 });
  expect(inside({ x: 0, y: 0, width: 9, height: 0 }).width).toBe(1);
  expect(changed(corner, "height", -1).height).toBe(0.01);
});

test("a rectangle is replaced or taken out, the others stay", () => {
  const [a, b] = [
    inside({ x: 0, y: 0, width: 1, height: 0.1 }),
    inside({ x: 0, y: 0.5, width: 1, height: 0.1 }),
  ];
  expect(replaced([a, b], 0, b)).toEqual([b, b]);
  expect(replaced([a, b], 0, null)).toEqual([b]);
});
