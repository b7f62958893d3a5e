// Why there is no number.
//
// Owns the codes, which are those of the measuring rules in Rust and of the shared vectors, and how a refusal leaves a
// measurement: thrown inside, an answer outside. Called by every file of this folder; the words that a clinician reads
// belong to the pages.

/** Why a place on the picture has no scale. */
export type NoScale =
  /** The picture says nothing about its scale. */
  | "noRegions"
  /** A point lies in no region that has a scale. */
  | "outsideRegions"
  /** The points lie in regions that are measured differently. */
  | "crossesRegions"
  /** The region there is not measured in the unit that is asked for. */
  | "noUnit"
  /** The region says how large a pixel is, but not where zero lies. */
  | "noReference"
  /** The regions are larger than the picture: it was resized and they were not. */
  | "doesNotFit"
  /** The scale is one that no echo has. */
  | "implausible";

/** Why nothing can be measured. */
export type Refusal =
  | NoScale
  /** A number that went in, or would come out, is none. */
  | "notFinite"
  /** Fewer points than the measurement needs. */
  | "tooFewPoints"
  /** More points than anybody draws. */
  | "tooManyPoints"
  /** A length, time, area or volume that has to be there is zero or less. */
  | "noExtent"
  /** A trace over time runs back where it came from. */
  | "turnsBack"
  /** The long axis leaves the outline, so that a disc has no diameter. */
  | "axisLeavesOutline"
  /** A heart rate from no cycle, or from a part of one. */
  | "noCycles"
  /** The value that must be the larger one is the smaller one. */
  | "swapped";

/** The answer of a measurement: what was measured, or why nothing was. */
export type Outcome<T> =
  | { readonly type: "measured"; readonly measured: T }
  | { readonly type: "refused"; readonly refusal: Refusal };

/** A refusal on its way out of a measurement. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal);
  }
}

/** There is no scale here, which a caliper answers by its length in pixels. */
export class WithoutScale extends Refused {
  constructor(readonly reason: NoScale) {
    super(reason);
  }
}

/** Runs a measurement and makes an answer of whatever it does. */
export function outcome<T>(measure: () => T): Outcome<T> {
  try {
    return { type: "measured", measured: measure() };
  } catch (thrown) {
    if (thrown instanceof Refused) return { type: "refused", refusal: thrown.refusal };
    throw thrown;
  }
}
