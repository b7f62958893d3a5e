// Says words in the language of the person.
//
// Called by every component of the relay's pages; they re-render when the language changes because `t` reads a signal.
// Invariant: text that a person reads comes from the dictionaries.

import { en } from "./en";
import { ja, type Key, type Words } from "./ja";
import { fill, type Language, language } from "./language";

type Values = Readonly<Record<string, string | number>>;

const DICTIONARIES: Readonly<Record<Language, Words>> = { ja, en };

/** Makes what says the words of a dictionary; parts that are loaded later bring their own. */
export function dictionary<K extends string>(
  words: Readonly<Record<Language, Readonly<Record<K, string>>>>,
): (key: K, values?: Values) => string {
  return (key, values = {}) => fill(words[language.value][key], values);
}

export const t = dictionary<Key>(DICTIONARIES);

export function clockTime(relayTimeUs: number, withSeconds: boolean): string {
  return new Intl.DateTimeFormat(language.value, {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" as const } : {}),
    hourCycle: "h23",
  }).format(new Date(relayTimeUs / 1000));
}
