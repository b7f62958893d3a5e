// From what the log says a mark is measured with to a calibration.
//
// Owns that step and nothing else. Called for every measurement that is shown, the own one in the making included.

import type { DepthScale, Gauge } from "../wire/measure";
import { type Calibration, fromDepthScale, fromRegions } from "./calibration";
import { fromFractions } from "./points";
import type { Outcome } from "./refusal";
import type { Centimetres } from "./units";

/** The calibration of a gauge; one without a scale when nobody states any. */
export function calibrationOf({ width, height, scale }: Gauge): Calibration {
  const picture = { width, height };
  if (scale.type === "regions") return fromRegions(scale.regions, picture);
  if (scale.type === "pixels") return fromRegions([], picture);
  const marked = fromMarkedScale(scale.by.scale);
  // The relay takes none that these rules refuse.
  return marked.type === "measured" ? marked.measured : fromRegions([], picture);
}

/** The calibration of a depth scale that somebody marked; it holds for the whole picture. */
export function fromMarkedScale(scale: Omit<DepthScale, "id" | "stream">): Outcome<Calibration> {
  const picture = { width: scale.width, height: scale.height };
  return fromDepthScale(
    {
      ends: [fromFractions(scale.from, picture), fromFractions(scale.to, picture)],
      between: scale.centimetres as Centimetres,
      within: { minX: 0, minY: 0, maxX: scale.width - 1, maxY: scale.height - 1 },
    },
    picture,
  );
}
