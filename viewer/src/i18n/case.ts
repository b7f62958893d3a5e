// Says the words of the library of cases; loaded with its page.

import { CASE_LOG_WORDS } from "./case-log-words";
import { CASE_WORDS } from "./case-words";
import { dictionary } from "./i18n";
import { language } from "./language";

export const tc = dictionary(CASE_WORDS);
export const tl = dictionary(CASE_LOG_WORDS);

/** A day. */
export function day(us: number): string {
  return written(us, { dateStyle: "long" });
}

/** A day with its time. */
export function moment(us: number): string {
  return written(us, { dateStyle: "medium", timeStyle: "short" });
}

/** Nothing for a moment that no calendar has: whatever a device said of its clip, the page stands. */
function written(us: number, form: Intl.DateTimeFormatOptions): string {
  const at = new Date(us / 1_000);
  return Number.isNaN(at.getTime()) ? "–" : new Intl.DateTimeFormat(language.value, form).format(at);
}
