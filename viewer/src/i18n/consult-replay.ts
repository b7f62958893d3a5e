// Says the words of the replay of whole consults; loaded with its page.

import { CONSULT_REPLAY_WORDS } from "./consult-replay-words";
import { dictionary } from "./i18n";
import { language } from "./language";

export const tp = dictionary(CONSULT_REPLAY_WORDS);

/** A day and a time, for what may be long ago. */
export function dayTime(us: number): string {
  return new Intl.DateTimeFormat(language.value, {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(us / 1_000));
}
