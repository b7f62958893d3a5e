// Says words in the language of the person.
//
// Called by every component of the relay's pages; they re-render when the language changes because `t` reads a signal.
// Invariant: text that a person reads comes from the dictionaries.

import { en } from "./en";
import { ja, type Key, type Words } from "./ja";
import { fill, type Language, language } from "./language";

const DICTIONARIES: Readonly<Record<Language, Words>> = { ja, en };

export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(DICTIONARIES[language.value][key], values);
}

export function clockTime(relayTimeUs: number, withSeconds: boolean): string {
  return new Intl.DateTimeFormat(language.value, {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" as const } : {}),
    hourCycle: "h23",
  }).format(new Date(relayTimeUs / 1000));
}
