import { expect, test } from "vitest";
import type { ReplayMove } from "../wire/replay";
import { PointerTrack } from "./pointers";

const SECOND = 1_000_000;

function moved(seconds: number, session: string, x: number | null): ReplayMove {
  const place = x === null ? null : { x, y: 0.5 };
  return { at: seconds * SECOND, session, place } as unknown as ReplayMove;
}

const TRACK = new PointerTrack([
  moved(1, "a", 0.1),
  moved(2, "b", 0.2),
  moved(3, "a", 0.3),
  moved(4, "a", null),
  moved(6, "a", 0.6),
]);

function seen(track: PointerTrack, seconds: number, since = 0): string[] {
  return track.at(seconds * SECOND, since * SECOND).map(({ session, at }) => `${session} ${at.x}`);
}

test("a pointer stands where it moved last until it leaves", () => {
  expect(seen(TRACK, 0.9)).toEqual([]);
  expect(seen(TRACK, 1)).toEqual(["a 0.1"]);
  expect(seen(TRACK, 2.5)).toEqual(["a 0.1", "b 0.2"]);
  expect(seen(TRACK, 3.5)).toEqual(["a 0.3", "b 0.2"]);
  expect(seen(TRACK, 4)).toEqual(["b 0.2"]);
  expect(seen(TRACK, 60)).toEqual(["a 0.6", "b 0.2"]);
});

test("what was kept under an earlier consent says nothing under the next one", () => {
  expect(seen(TRACK, 5, 3)).toEqual([]);
  expect(seen(TRACK, 6, 5)).toEqual(["a 0.6"]);
});

test("a track grows by parts, and a part that is asked for again counts once", () => {
  const grown = TRACK.with([moved(6, "a", 0.6), moved(6, "b", 0.7), moved(7, "a", null)], TRACK.end);
  expect(grown.moves.length).toBe(7);
  expect(seen(grown, 8)).toEqual(["b 0.7"]);
});
