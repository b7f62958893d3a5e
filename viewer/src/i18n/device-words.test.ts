import { expect, test } from "vitest";
import { deviceEn } from "./device-en";
import { type DeviceKey, deviceJa } from "./device-ja";

const KEYS = Object.keys(deviceJa) as DeviceKey[];
const SOURCES = import.meta.glob<string>(["../device/**/*.{ts,tsx}", "!../**/*.test.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});

test("both languages of the device page have every key and put the same values into their words", () => {
  const values = (words: string) => [...words.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  expect(Object.keys(deviceEn).sort()).toEqual([...KEYS].sort());
  for (const key of KEYS) expect(values(deviceEn[key]), key).toEqual(values(deviceJa[key]));
});

test("every trouble and fault of the device is a whole sentence in both languages", () => {
  for (const key of KEYS.filter((one) => /^(fault|trouble)\./.test(one) && one !== "trouble.detail")) {
    expect(deviceJa[key], key).toMatch(/。$/);
    expect(deviceEn[key], key).toMatch(/\.$/);
  }
});

test("English of the device page is English, and no word is left that nobody says", () => {
  const all = Object.values(SOURCES).join("\n");
  const prefixes = [...all.matchAll(/`([a-zA-Z.]+)\.\$\{/g)].map((match) => `${match[1]}.`);
  for (const key of KEYS) {
    if (!key.startsWith("language."))
      expect(/[\p{Script=Hiragana}\p{Script=Han}]/u.test(deviceEn[key]), key).toBe(false);
    expect(all.includes(`"${key}"`) || prefixes.some((prefix) => key.startsWith(prefix)), key).toBe(true);
  }
});
