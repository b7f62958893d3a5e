// Says words in the language of the person.
//
// Called by every component of the relay's pages; they re-render when the language changes because `t` reads signals.
// Japanese words come with the first script, English ones when somebody reads English: nobody waits for both.
// Invariant: text that a person reads comes from the dictionaries.

import { signal } from "@preact/signals";
import { ja, type Key, type Words } from "./ja";
import { fill, type Language, language } from "./language";

type Values = Readonly<Record<string, string | number>>;

const english = signal<Words | null>(null);

/** Has the words of a language before it is shown. */
export async function learn(wanted: Language): Promise<void> {
  if (wanted === "en" && english.peek() === null) english.value = (await import("./en")).en;
}

/** Makes what says the words of a dictionary; parts that are loaded later bring their own. */
export function dictionary<K extends string>(
  words: Readonly<Record<Language, Readonly<Record<K, string>>>>,
): (key: K, values?: Values) => string {
  return (key, values = {}) => fill(words[language.value][key], values);
}

export function t(key: Key, values: Values = {}): string {
  const words = language.value === "en" ? english.value : null;
  return fill((words ?? ja)[key], values);
}

export function clockTime(relayTimeUs: number, withSeconds: boolean): string {
  return new Intl.DateTimeFormat(language.value, {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" as const } : {}),
    hourCycle: "h23",
  }).format(new Date(relayTimeUs / 1000));
}
