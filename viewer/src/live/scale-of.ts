// Which scale a frozen picture has: the file's, one that was marked by hand, or none.
//
// Pure. Called by `measuring.ts`. Invariants: without the original of a frame there is no scale, not even pixels; a scale that
// followed another says nothing of the frames before the one it was marked on, and none says anything of frames that may show
// another patient, as the relay and the agent hold it.

import type { Gauge, ScaleRef, ScaleState } from "../wire/measure";
import type { FreezeState } from "../wire/socket";
import { ticksSince } from "./age";

/**
 * The scale that pictures of a freeze have now: the file's, else one that was marked in a picture of this size, else none.
 * `isBefore` when there is a marked one, but from after this frame.
 */
export function scaleOf(
  freeze: FreezeState | null,
  scales: readonly ScaleState[],
): { readonly by: ScaleRef; readonly gauge: Gauge; readonly isBefore: boolean } | null {
  if (freeze === null || freeze.original.state !== "kept") return null;
  const { original, facts } = freeze.original;
  const { width, height } = original;
  const { index, patient } = facts;
  const of = {
    width,
    height,
    ...(index === undefined ? {} : { frame: index }),
    ...(patient === undefined ? {} : { patient }),
  };
  if (facts.regions !== undefined && facts.regions.length > 0)
    return {
      by: { type: "regions" },
      gauge: { ...of, scale: { type: "regions", regions: facts.regions } },
      isBefore: false,
    };
  const marked = scales.find(
    ({ scale }) =>
      scale.stream === freeze.anchor.stream &&
      scale.width === width &&
      scale.height === height &&
      (scale.patient === undefined || scale.patient === patient),
  );
  const since = marked?.scale.since;
  const isBefore = since !== undefined && ticksSince(freeze.anchor.rtpTime, since) < 0;
  if (marked === undefined || isBefore)
    return { by: { type: "pixels" }, gauge: { ...of, scale: { type: "pixels" } }, isBefore };
  return {
    by: { type: "depth", scale: marked.scale.id },
    gauge: { ...of, scale: { type: "depth", by: marked } },
    isBefore,
  };
}
