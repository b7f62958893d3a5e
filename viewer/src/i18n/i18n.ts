// Says words in the language of the person.
//
// Owns the choice of language, the `lang` of the page and putting values into words. Called by every component; they
// re-render when the language changes because `t` reads a signal.
// Invariant: text that a person reads comes from the dictionaries, and the page's `lang` always matches it.

import { effect, signal } from "@preact/signals";
import { en } from "./en";
import { ja, type Key, type Words } from "./ja";

export type Language = "ja" | "en";

const STORAGE_KEY = "hibiki.language";
const DICTIONARIES: Readonly<Record<Language, Words>> = { ja, en };

export const language = signal<Language>(stored());

effect(() => {
  document.documentElement.lang = language.value;
});

export function choose(chosen: Language): void {
  language.value = chosen;
  try {
    localStorage.setItem(STORAGE_KEY, chosen);
  } catch {
    // Storage may be forbidden; the choice then holds for this page.
  }
}

type Values = Readonly<Record<string, string | number>>;

/** Makes what says the words of a dictionary; parts that are loaded later bring their own. */
export function dictionary<K extends string>(
  words: Readonly<Record<Language, Readonly<Record<K, string>>>>,
): (key: K, values?: Values) => string {
  return (key, values = {}) => fill(words[language.value][key], values);
}

export const t = dictionary<Key>(DICTIONARIES);

/** Puts values into the braces. A brace without a value stays, so that a mistake is seen. */
export function fill(words: string, values: Values): string {
  return words.replace(/\{(\w+)\}/g, (brace, name: string) => String(values[name] ?? brace));
}

export function clockTime(relayTimeUs: number, withSeconds: boolean): string {
  return new Intl.DateTimeFormat(language.value, {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" as const } : {}),
    hourCycle: "h23",
  }).format(new Date(relayTimeUs / 1000));
}

function stored(): Language {
  try {
    const chosen = localStorage.getItem(STORAGE_KEY);
    if (chosen === "ja" || chosen === "en") return chosen;
  } catch {
    // Falls through to the browser's languages.
  }
  // Japanese first: English only for those whose browser asks for a language that is not Japanese.
  return navigator.language.toLowerCase().startsWith("ja") ? "ja" : "en";
}
