// What a number of a case is called, by its code in the report.
//
// Owns which code has which of our words; a code that has none is said as the report says it. The same names stand in the
// measuring panel. The codes are those that the relay writes.

import { tc } from "../i18n/case";
import { m } from "../i18n/measure";
import type { CaseNumber } from "../wire/case";

/** By code; a scheme is not needed, because no two of them share one. */
const NAMES: Readonly<Record<string, () => string>> = {
  "410668003": () => m("measure.figure.length"),
  "121206": () => m("measure.figure.depth"),
  "110858": () => m("measure.figure.time"),
  VELOCITY: () => m("measure.figure.velocity"),
  VELOCITY_CHANGE: () => m("measure.figure.change"),
  VELOCITY_SLOPE: () => m("measure.figure.slope"),
  DEPTH_SLOPE: () => m("measure.figure.depthSlope"),
  "42798000": () => m("measure.figure.area"),
  "131191004": () => m("measure.figure.perimeter"),
  "1483009": () => m("measure.figure.angle"),
  "20354-7": () => m("measure.figure.vti"),
  "20355-4": () => m("measure.figure.peak"),
  "20352-1": () => m("measure.figure.mean"),
  "20247-3": () => m("measure.figure.peakGradient"),
  "20256-4": () => m("measure.figure.meanGradient"),
  "8867-4": () => m("measure.figure.rate"),
  "118565006": () => m("measure.figure.volume"),
  "103339001": () => m("measure.figure.longAxis"),
  "79991-6": () => m("measure.derived.efBiplane"),
  "79993-2": () => m("measure.derived.efA4c"),
  "79992-4": () => m("measure.derived.efA2c"),
  "18050-5": () => m("measure.derived.collapse"),
  "18006-7": () => tc("case.number.ivc"),
  "79999-9": () => `${tc("case.number.edv")} A4C`,
  "80004-5": () => `${tc("case.number.esv")} A4C`,
  "79998-1": () => `${tc("case.number.edv")} A2C`,
  "80003-7": () => `${tc("case.number.esv")} A2C`,
};

/** UCUM as people write it. */
const UNITS: Readonly<Record<string, string>> = {
  cm2: "cm²",
  "cm/s2": "cm/s²",
  "mm[Hg]": "mmHg",
  "{H.B.}/min": "/min",
  deg: "°",
};

export function numberName({ code, name }: CaseNumber): string {
  return NAMES[code]?.() ?? name;
}

export function unitWords(number: string, unit: string): string {
  const words = UNITS[unit] ?? unit;
  return words === "%" || words === "°" ? `${number}${words}` : `${number} ${words}`;
}
