// The language of the person, shared by every dictionary.
//
// Owns the choice of language, the `lang` of the page and putting values into words.
// Invariant: the page's `lang` always matches the words on it.

import { effect, signal } from "@preact/signals";

export type Language = "ja" | "en";

const STORAGE_KEY = "hibiki.language";

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

/** Puts values into the braces. A brace without a value stays, so that a mistake is seen. */
export function fill(words: string, values: Readonly<Record<string, string | number>>): string {
  return words.replace(/\{(\w+)\}/g, (brace, name: string) => String(values[name] ?? brace));
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
