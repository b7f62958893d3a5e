// A distance in time as it stands in a case's log.
//
// Pure but for the language.

import { tl } from "../i18n/case";

const MINUTE_S = 60;

/** With its sign, in tenths of a second up to a minute. */
export function distanceOf(ms: number): string {
  const away = Math.abs(ms) / 1_000;
  const sign = ms < 0 ? "−" : "+";
  if (away < MINUTE_S - 0.05) return tl("case.logSeconds", { sign, seconds: away.toFixed(1) });
  const whole = Math.round(away);
  return tl("case.logMinutes", {
    sign,
    minutes: Math.floor(whole / MINUTE_S),
    seconds: whole % MINUTE_S,
  });
}
