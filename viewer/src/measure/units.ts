// What a measurement is in. A number that has a unit is its own type, so that a time is never shown as a length.
//
// Owns the brands and `Reading`, a value together with the smallest difference the picture can show. It computes
// nothing. Invariant: a value of these types is a finite number.

import { Refused } from "./refusal";

type Unit<Name extends string> = number & { readonly __unit: Name };

/** A length on the picture where nobody knows the scale. */
export type Pixels = Unit<"Pixels">;
/** A length in the body, or the distance that blood travels in one beat. */
export type Centimetres = Unit<"Centimetres">;
export type SquareCentimetres = Unit<"SquareCentimetres">;
/** One cubic centimetre is one millilitre. */
export type Millilitres = Unit<"Millilitres">;
export type Seconds = Unit<"Seconds">;
/** Its sign is the direction that the region gives it. */
export type CentimetresPerSecond = Unit<"CentimetresPerSecond">;
export type CentimetresPerSecondSquared = Unit<"CentimetresPerSecondSquared">;
export type MillimetresOfMercury = Unit<"MillimetresOfMercury">;
export type Degrees = Unit<"Degrees">;
export type Percent = Unit<"Percent">;
export type BeatsPerMinute = Unit<"BeatsPerMinute">;

/** A value as read off a picture. */
export type Reading<U extends number> = {
  readonly value: U;
  /** What it changes by when a point moves by a pixel: digits below that are not in the picture. */
  readonly step: U;
};

/** Takes a number in the unit that the caller's type names; refuses NaN and infinities. */
export function finite<U extends number>(value: number): U {
  if (!Number.isFinite(value)) throw new Refused("notFinite");
  return value as U;
}

export function reading<U extends number>(value: number, step: number): Reading<U> {
  return { value: finite<U>(value), step: finite<U>(Math.abs(step)) };
}
