// Says the device page's words in the language of the person.

import { deviceEn } from "../i18n/device-en";
import { type DeviceKey, type DeviceWords, deviceJa } from "../i18n/device-ja";
import { fill, type Language, language } from "../i18n/language";

const DICTIONARIES: Readonly<Record<Language, DeviceWords>> = { ja: deviceJa, en: deviceEn };

export function say(key: DeviceKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(DICTIONARIES[language.value][key], values);
}
