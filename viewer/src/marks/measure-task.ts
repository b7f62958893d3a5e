// What a measuring hand works on: the task, and its points in the making.
//
// Pure. Owns how many points each measurement has. Called by `measure-hand.ts` and the measuring panels.

import type { PicturePoint } from "../stage/points";
import { MAX_MEASURE_POINTS } from "../wire/constants";
import type { AnnotationId } from "../wire/ids";
import type { MeasureKind } from "../wire/measure";

/** What is done with the points: a measurement, or marking the depth scale of the picture. */
export type Task = { readonly type: "measure"; readonly what: MeasureKind } | { readonly type: "calibrate" };

/** Names the frame that points belong to, as whoever holds the hand tells frames apart. */
export type FrameName = string & { readonly frameName: never };

/** Points in the making. */
export type Draft = {
  readonly on: FrameName;
  readonly points: readonly PicturePoint[];
  /** The one that the nudge buttons move. */
  readonly active: number;
  /** The own mark that this one takes the place of. */
  readonly replaces: AnnotationId | null;
};

const COUNTS: Readonly<Partial<Record<MeasureKind["type"], readonly [number, number]>>> = {
  velocity: [1, 1],
  beatStart: [1, 1],
  beatEnd: [1, 1],
  caliper: [2, 2],
  slope: [2, 2],
  heartRate: [2, 2],
  venaCava: [2, 2],
  angle: [3, 3],
  envelope: [2, MAX_MEASURE_POINTS],
};
const OUTLINE: readonly [number, number] = [3, MAX_MEASURE_POINTS];

/** Fewest and most points of a task. */
export function pointsOf(task: Task): readonly [number, number] {
  return task.type === "calibrate" ? [2, 2] : (COUNTS[task.what.type] ?? OUTLINE);
}
