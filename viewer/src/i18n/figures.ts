// Numbers with their units, in the language of the person.
//
// Owns how a figure is written. Used where values of measurements are shown, on the pages of the relay and on the device's.

import type { Figure } from "../measure/answer";
import type { DerivedName } from "../measure/derived";
import type { Shown } from "../measure/format";
import { language } from "./language";

export function figureWords({ unit, ...number }: Figure): string {
  return unit === "%" || unit === "°" ? `${numberWords(number)}${unit}` : `${numberWords(number)} ${unit}`;
}

/** A value that follows from several measurements. */
export function derivedWords(name: DerivedName, number: Shown): string {
  return name === "heartRate" ? `${numberWords(number)} /min` : `${numberWords(number)}%`;
}

export function numberWords({ value, decimals }: Shown): string {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false };
  return new Intl.NumberFormat(language.value, digits).format(value);
}
