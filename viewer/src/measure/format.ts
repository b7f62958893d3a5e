// How a value is written.
//
// Owns the choice of digits: the last one shown is not finer than what a pixel can show, so that 5.1 cm read off
// half-millimetre pixels never stands there as 5.105 cm. It writes no text; decimal signs and units are the pages'.

import type { Reading } from "./units";

/** The decimals that exist, and the finest step that each can show. */
const FINEST: readonly number[] = [0.1, 0.01, 0.001];

/** A value rounded for showing. */
export type Shown = {
  /** Rounded to `decimals`; halves away from zero. */
  readonly value: number;
  /** Digits behind the decimal sign. */
  readonly decimals: number;
};

/** A reading with the digits that the picture supports. */
export function shownReading<U extends number>({ value, step }: Reading<U>): Shown {
  return shown(value, step);
}

/** Rounds a value to the digits that a step supports; a step of zero, or one that is no number, supports none. */
export function shown(value: number, step: number): Shown {
  const fine = step > 0 ? FINEST.findIndex((finest) => step > finest) : 0;
  const decimals = fine < 0 ? FINEST.length : fine;
  const scale = 10 ** decimals;
  // `+ 0` turns -0 into 0.
  return { value: (Math.sign(value) * Math.round(Math.abs(value) * scale)) / scale + 0, decimals };
}
