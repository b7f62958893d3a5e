import { describe, expect, test } from "vitest";
import { PROBLEM_CODES } from "../wire/constants";
import { clipEn } from "./clip-en";
import { clipJa } from "./clip-ja";
import { en as first } from "./en";
import { ja as source } from "./ja";
import { MEASURE_WORDS } from "./measure-words";

/** The words that come at once and those that come later. */
const ja = { ...source, ...MEASURE_WORDS.ja, ...clipJa };
const en: Readonly<Record<keyof typeof ja, string>> = { ...first, ...MEASURE_WORDS.en, ...clipEn };
type Key = keyof typeof ja;

const KEYS = Object.keys(ja) as Key[];
/** Source of every module that may say something; read as text by the bundler. */
const SOURCES = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts", "!./*"], {
  query: "?raw",
  import: "default",
  eager: true,
});

describe("words", () => {
  test("both languages have every key and none is empty", () => {
    expect(Object.keys(en).sort()).toEqual([...KEYS].sort());
    for (const key of KEYS) expect(ja[key].trim() === "" || en[key].trim() === "", key).toBe(false);
  });

  test("every problem of the relay has a sentence in both languages", () => {
    for (const code of PROBLEM_CODES) {
      expect(ja[`problem.${code}`], code).toMatch(/。$/);
      expect(en[`problem.${code}`], code).toMatch(/\.$/);
    }
  });

  test("both languages put the same values into their words", () => {
    const values = (words: string) => [...words.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    for (const key of KEYS) expect(values(en[key]), key).toEqual(values(ja[key]));
  });

  test("English is English and Japanese is Japanese", () => {
    const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
    for (const key of KEYS.filter((name) => !name.startsWith("language."))) {
      expect(japanese.test(en[key]), key).toBe(false);
    }
  });

  test("banned synonyms do not appear", () => {
    for (const key of KEYS) {
      expect(ja[key], key).not.toMatch(/会議|通話|ルーム|アノテーション|注釈|ユーザー/);
      expect(en[key], key).not.toMatch(/\b(room|call(?! the operator)|meeting|annotation|user|delete)\b/i);
    }
  });

  test("no words stand in components: everything goes through t()", () => {
    const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
    for (const [path, source] of Object.entries(SOURCES)) {
      const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
      expect(japanese.test(code), path).toBe(false);
    }
  });

  test("no word is left that nobody says", () => {
    const all = Object.values(SOURCES).join("\n");
    const prefixes = [...all.matchAll(/`([a-zA-Z.]+)\.\$\{/g)].map((match) => `${match[1]}.`);
    const unused = KEYS.filter(
      (key) => !all.includes(`"${key}"`) && !prefixes.some((p) => key.startsWith(p)),
    );
    expect(unused).toEqual([]);
  });
});
