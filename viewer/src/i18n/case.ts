// Says the words of the library of cases; loaded with its page.

import { CASE_WORDS } from "./case-words";
import { dictionary } from "./i18n";
import { language } from "./language";

export const tc = dictionary(CASE_WORDS);

/** A day. */
export function day(us: number): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "long" }).format(new Date(us / 1_000));
}

/** A day with its time. */
export function moment(us: number): string {
  const form = { dateStyle: "medium", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language.value, form).format(new Date(us / 1_000));
}
