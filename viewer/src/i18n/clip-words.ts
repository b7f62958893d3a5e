// Says words of the clip list and the player in the language of the person; as `t()`, over the dictionaries that come later.

import { clipEn } from "./clip-en";
import { type ClipKey, type ClipWords, clipJa } from "./clip-ja";
import { fill, type Language, language } from "./language";

const DICTIONARIES: Readonly<Record<Language, ClipWords>> = { ja: clipJa, en: clipEn };

export function tc(key: ClipKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(DICTIONARIES[language.value][key], values);
}
