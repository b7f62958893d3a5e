// What a measuring hand works on: the task, its points in the making, and the scale that holds for them.
//
// Pure. Owns how many points each measurement has and which scale a frozen picture has. Called by `measuring.ts` and the
// measuring panel. Invariant: without the original of a frame there is no scale, not even pixels.

import type { PicturePoint } from "../stage/points";
import { MAX_MEASURE_POINTS } from "../wire/constants";
import type { AnnotationId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { Gauge, MeasureKind, ScaleRef, ScaleState } from "../wire/measure";
import type { FreezeState } from "../wire/socket";

/** What is done with the points: a measurement, or marking the depth scale of the picture. */
export type Task = { readonly type: "measure"; readonly what: MeasureKind } | { readonly type: "calibrate" };

/** Points in the making. */
export type Draft = {
  readonly anchor: Anchor;
  readonly points: readonly PicturePoint[];
  /** The one that the nudge buttons move. */
  readonly active: number;
  /** The own mark that this one takes the place of. */
  readonly replaces: AnnotationId | null;
};

const COUNTS: Readonly<Partial<Record<MeasureKind["type"], readonly [number, number]>>> = {
  velocity: [1, 1],
  caliper: [2, 2],
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

/** The scale that pictures of a freeze have now: the file's, else one that was marked in a picture of this size, else none. */
export function scaleOf(
  freeze: FreezeState | null,
  scales: readonly ScaleState[],
): { readonly by: ScaleRef; readonly gauge: Gauge } | null {
  if (freeze === null || freeze.original.state !== "kept") return null;
  const { original, facts } = freeze.original;
  const { width, height } = original;
  const of = { width, height, ...(facts.index === undefined ? {} : { frame: facts.index }) };
  if (facts.regions !== undefined && facts.regions.length > 0)
    return { by: { type: "regions" }, gauge: { ...of, scale: { type: "regions", regions: facts.regions } } };
  const marked = scales.find(
    ({ scale }) => scale.stream === freeze.anchor.stream && scale.width === width && scale.height === height,
  );
  if (marked === undefined) return { by: { type: "pixels" }, gauge: { ...of, scale: { type: "pixels" } } };
  return {
    by: { type: "depth", scale: marked.scale.id },
    gauge: { ...of, scale: { type: "depth", by: marked } },
  };
}
