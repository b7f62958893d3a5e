// Parts of a whole: ejection fraction and collapse of the vena cava.
//
// Owns the two quotients. The values may come from different frames, each with its own scale; whether they belong
// together is for the person who measures. Swapped values are refused, because a negative part hides the mistake.

import { type Outcome, outcome, Refused } from "./refusal";
import { type Centimetres, finite, type Millilitres, type Percent } from "./units";

/** Ejection fraction from the volumes at the end of diastole and of systole. */
export function ejectionFraction(endDiastolic: Millilitres, endSystolic: Millilitres): Outcome<Percent> {
  return outcome(() => lost(endDiastolic, endSystolic));
}

/**
 * Collapse of the inferior vena cava from its largest and smallest diameter over a breath. A vein that closes fully has
 * the diameter 0.
 */
export function collapse(largest: Centimetres, smallest: Centimetres): Outcome<Percent> {
  return outcome(() => lost(largest, smallest));
}

function lost(whole: number, rest: number): Percent {
  if (!Number.isFinite(whole) || !Number.isFinite(rest)) throw new Refused("notFinite");
  if (whole <= 0 || rest < 0) throw new Refused("noExtent");
  if (rest > whole) throw new Refused("swapped");
  return finite<Percent>(((whole - rest) / whole) * 100);
}
