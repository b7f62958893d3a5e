// How pens and people look: colour and line pattern together, so that colour is never the only difference.
//
// Owns the looks; who holds which pen is the consult's. Called by the stage and by the tool buttons.
// Invariant: red, yellow and cyan are kept free for alarms (IEC 60601-1-8), and each look has its own pattern.

import type { PersonId } from "../wire/ids";
import type { Pen } from "../wire/mark";

export type PenLook = {
  /** Bright line over the halo. */
  readonly colour: string;
  /** Dash pattern in units of the line's width; empty is solid. */
  readonly dash: readonly number[];
};

/** Chosen apart in lightness too, so that they differ with any of the common colour-vision types. */
export const PEN_LOOKS: Readonly<Record<Pen, PenLook>> = {
  white: { colour: "#ffffff", dash: [] },
  green: { colour: "#5fe38a", dash: [4, 2.4] },
  orange: { colour: "#ff9f45", dash: [0.1, 2.2] },
  violet: { colour: "#c79bff", dash: [5, 2.4, 0.1, 2.4] },
};

/** In the order of the keys 1 to 4. */
export const PENS: readonly Pen[] = ["white", "green", "orange", "violet"];

/** Dark edge under each line: white lines stay visible on white tissue. */
export const HALO = "rgba(0, 0, 0, 0.82)";

export type PersonLook = { readonly colour: string; readonly pattern: number };

const PERSON_COLOURS = ["#a9c7ff", "#8fe3b0", "#ffb878", "#d3b3ff", "#ffadd2", "#d9d2c0"] as const;
/** Solid, dashed, dotted, double: the ring around initials, by number. */
const PERSON_PATTERNS = 4;

/** The same person looks the same on every page: the look comes from the id alone. */
export function personLook(person: PersonId): PersonLook {
  let hash = 2_166_136_261;
  for (let i = 0; i < person.length; i += 1) {
    hash = Math.imul(hash ^ person.charCodeAt(i), 16_777_619) >>> 0;
  }
  return {
    colour: PERSON_COLOURS[hash % PERSON_COLOURS.length] ?? PERSON_COLOURS[0],
    pattern: (hash >>> 8) % PERSON_PATTERNS,
  };
}
