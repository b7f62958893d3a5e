// Which scale a frozen picture has: the file's, one that was marked by hand, or none.
//
// Pure. Called by `measuring.ts`. Invariant: without the original of a frame there is no scale, not even pixels.

import type { Gauge, ScaleRef, ScaleState } from "../wire/measure";
import type { FreezeState } from "../wire/socket";

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
