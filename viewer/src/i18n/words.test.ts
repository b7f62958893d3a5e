import { describe, expect, test } from "vitest";
import type { Pairing } from "../clip/beside";
import type { BringStage } from "../files/bringing";
import type { Question, Shortage } from "../live/adequacy";
import type { Notice } from "../live/consult";
import type { Hindrance } from "../live/desk";
import type { OriginalNews } from "../live/freeze";
import type { Tool } from "../live/hand";
import type { LineLevel } from "../live/link-cause";
import type { RecordingPhase } from "../live/recording";
import type { Found, Level as WayLevel } from "../live/ways";
import type { FigureName } from "../measure/answer";
import type { DerivedName, DerivedRefusal } from "../measure/derived";
import type { ApiCode } from "../net/http";
import type { ChoiceTrouble } from "../parts/case-choice";
import type { ReplayTrouble } from "../replay/player";
import type { JumpKind } from "../replay/story";
import type { Band } from "../replay/table";
import { PENS } from "../stage/pens";
import type { TalkTrouble } from "../voice/talk";
import type {
  CaseConsent,
  CaseFault,
  CaseLogEvent,
  CaseLogStart,
  CaseMarkKind,
  CaseRectangle,
  CaseState,
} from "../wire/case";
import type { ClipGap, ClipStage, MarkerSide } from "../wire/clip";
import { PROBLEM_CODES } from "../wire/constants";
import type { Adequacy, LinkCause, LinkLevel } from "../wire/link";
import type { LogEvent } from "../wire/log";
import type { Shape } from "../wire/mark";
import type { Extent, HeartPhase, MeasureKind, VentricleView } from "../wire/measure";
import type { OriginalGap } from "../wire/original";
import type { Page, Role } from "../wire/people";
import type { VoiceState } from "../wire/voice";
import { BRING_WORDS } from "./bring-words";
import { CASE_LOG_WORDS } from "./case-log-words";
import { CASE_WORDS } from "./case-words";
import { clipEn } from "./clip-en";
import { clipJa, TOLD_CODES } from "./clip-ja";
import { CONSULT_REPLAY_WORDS } from "./consult-replay-words";
import { en as first } from "./en";
import { HELP_WORDS } from "./help-words";
import { ja as source } from "./ja";
import { LINK_WORDS } from "./link-words";
import { MEASURE_WORDS } from "./measure-words";
import { RECORDING_WORDS } from "./recording-words";
import { VOICE_WORDS } from "./voice-words";
import { WAYS_WORDS } from "./ways-words";

/** The words that come at once and those that come later. */
const ja = {
  ...source,
  ...MEASURE_WORDS.ja,
  ...HELP_WORDS.ja,
  ...VOICE_WORDS.ja,
  ...WAYS_WORDS.ja,
  ...RECORDING_WORDS.ja,
  ...LINK_WORDS.ja,
  ...CONSULT_REPLAY_WORDS.ja,
  ...CASE_WORDS.ja,
  ...CASE_LOG_WORDS.ja,
  ...BRING_WORDS.ja,
  ...clipJa,
};
const en: Readonly<Record<keyof typeof ja, string>> = {
  ...first,
  ...MEASURE_WORDS.en,
  ...HELP_WORDS.en,
  ...VOICE_WORDS.en,
  ...WAYS_WORDS.en,
  ...RECORDING_WORDS.en,
  ...LINK_WORDS.en,
  ...CONSULT_REPLAY_WORDS.en,
  ...CASE_WORDS.en,
  ...CASE_LOG_WORDS.en,
  ...BRING_WORDS.en,
  ...clipEn,
};
type Key = keyof typeof ja;

const KEYS = Object.keys(ja) as Key[];
/** Source of every module that may say something; read as text by the bundler. */
const SOURCES = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts", "!./*"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** What stands behind the dot of a word that is put together. The compiler refuses what no value is, and the test below what
 * is not listed, so that a word goes when its value goes. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  badge: ["good", "late", "choppy", "stopped", "none", "hidden"] satisfies LinkLevel[],
  "beat.missing": ["gone", "agentAway", "noAgent", "notCoded", "notKept"] satisfies OriginalGap[],
  "bring.stage": [
    "chosen",
    "reading",
    "sending",
    "waiting",
    "kept",
    "conflict",
    "refused",
    "unread",
    "empty",
    "tooLarge",
    "stopped",
  ] satisfies BringStage[],
  case: ["left", "top", "right", "bottom"] satisfies (keyof CaseRectangle)[],
  "case.state": ["draft", "reviewed", "published", "expired", "withdrawn"] satisfies CaseState[],
  "case.consent": ["teaching", "teachingAndExport"] satisfies CaseConsent[],
  "case.choice": ["none", "tooMany"] satisfies ChoiceTrouble[],
  "case.fault": ["nothingKept", "unreadable"] satisfies CaseFault[],
  "case.logEvent": [
    "clipAsked",
    "clipSaved",
    "frozen",
    "stepped",
    "released",
    "calibrated",
  ] satisfies CaseLogEvent["type"][],
  "case.logKind": [
    "stroke",
    "arrow",
    "label",
    "caliper",
    "area",
    "angle",
    "velocity",
    "envelope",
    "slope",
    "heartRate",
    "beatStart",
    "beatEnd",
    "ventricle",
    "venaCava",
  ] satisfies CaseMarkKind[],
  "case.logStart": ["firstFrame", "firstLine"] satisfies CaseLogStart[],
  beside: ["time", "phase", "apart"] satisfies Pairing[],
  "clip.gap": [
    "gone",
    "agentAway",
    "noAgent",
    "deviceStorage",
    "tooMany",
    "notWritten",
    "visitUnread",
    "stale",
    "relayStorage",
    "altered",
    "conflict",
    "refused",
  ] satisfies ClipGap[],
  "talk.trouble": [
    "taken",
    "silenced",
    "unheard",
    "lost",
    "denied",
    "none",
    "busy",
    "full",
    "silent",
  ] satisfies TalkTrouble[],
  voice: ["quiet", "speaking", "muted", "unheard"] satisfies VoiceState[],
  "clip.stage": ["asked", "unsaid", "arriving", "kept", "missing"] satisfies (
    | ClipStage["stage"]
    | "unsaid"
  )[],
  "link.adequacy": ["adequate", "limited", "notAdequate", "unknown"] satisfies Adequacy[],
  "link.cause": ["nothing", "source", "absent", "uplink", "own", "both"] satisfies LinkCause[],
  "link.line": ["good", "weak", "poor"] satisfies LineLevel[],
  "link.question": ["ef", "ivc", "effusion", "colour"] satisfies Question[],
  "link.short": ["fps", "lines", "bits"] satisfies Shortage[],
  mark: ["stroke", "arrow"] satisfies Shape["type"][],
  measure: ["left", "up", "down", "right"],
  "measure.derived": ["efBiplane", "efA4c", "efA2c", "collapse", "heartRate"] satisfies DerivedName[],
  "measure.extent": ["largest", "smallest"] satisfies Extent[],
  "measure.figure": [
    "length",
    "depth",
    "time",
    "velocity",
    "change",
    "slope",
    "depthSlope",
    "area",
    "perimeter",
    "angle",
    "vti",
    "peak",
    "mean",
    "peakGradient",
    "meanGradient",
    "rate",
    "volume",
    "longAxis",
  ] satisfies FigureName[],
  "measure.kind": [
    "caliper",
    "area",
    "angle",
    "velocity",
    "envelope",
    "slope",
    "heartRate",
    "beatStart",
    "beatEnd",
    "ventricle",
    "venaCava",
  ] satisfies MeasureKind["type"][],
  "measure.phase": ["endDiastole", "endSystole"] satisfies HeartPhase[],
  "measure.refusal": [
    "noRegions",
    "outsideRegions",
    "crossesRegions",
    "noUnit",
    "noReference",
    "doesNotFit",
    "implausible",
    "notFinite",
    "tooFewPoints",
    "tooManyPoints",
    "noExtent",
    "turnsBack",
    "axisLeavesOutline",
    "noCycles",
    "swapped",
    "otherSource",
  ] satisfies DerivedRefusal[],
  "measure.view": ["a4c", "a2c"] satisfies VentricleView[],
  notice: ["outboxFull", "pressTooLate", "freezeUnheard"] satisfies Notice["code"][],
  page: ["bedside", "consult"] satisfies Page[],
  "past.band": ["live", "filled", "missing"] satisfies Band["what"][],
  "past.event": [
    "frozen",
    "stepped",
    "released",
    "withdrawn",
    "streamStarted",
    "streamStopped",
    "streamGap",
    "streamFilled",
    "voiceConsented",
    "voiceConsentEnded",
    "voiceOn",
    "voiceOff",
    "joined",
    "left",
  ] satisfies LogEvent["type"][],
  "past.kind": ["freeze", "mark", "clip", "picture", "voice", "people", "link"] satisfies JumpKind[],
  "past.trouble": [
    "unreachable",
    "notFound",
    "sessionExpired",
    "noVideo",
    "noVoice",
    "undecodable",
    "other",
  ] satisfies (ReplayTrouble | "other")[],
  pen: PENS,
  problem: [...PROBLEM_CODES, "unreachable"] satisfies ApiCode[],
  recording: ["live", "stopped", "gap", "filling", "weak", "filled", "whole"] satisfies RecordingPhase[],
  "replay.marker": ["left", "right"] satisfies MarkerSide[],
  role: ["visitingPhysician", "cardiologist", "trainer", "trainee", "observer"] satisfies Role[],
  "stage.original": [
    "awaited",
    "doubted",
    "gone",
    "agentAway",
    "noAgent",
    "notCoded",
    "notKept",
  ] satisfies OriginalNews[],
  tool: ["pointer", "pen", "arrow", "label", "measure"] satisfies Tool[],
  trouble: ["undecodable", "noVideo", "tableWrong", ...TOLD_CODES],
  "ways.do": ["secure", "relay", "clock", "socket", "udp", "tcp", "turn"] satisfies Found["what"][],
  "ways.level": ["good", "attention", "bad"] satisfies WayLevel[],
  "ways.verdict": ["good", "attention", "bad"] satisfies WayLevel[],
  "ways.what": ["secure", "relay", "clock", "socket", "udp", "tcp", "turn"] satisfies Found["what"][],
  why: ["noRight", "noPicture", "stillMissing"] satisfies NonNullable<Hindrance>[],
};

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
    // The device page says words of its own.
    const spoken = Object.entries(SOURCES).filter(([path]) => !path.startsWith("../device/"));
    const all = spoken.map(([, source]) => source).join("\n");
    const prefixes = [...all.matchAll(/`([a-zA-Z.]+)\.\$\{/g)].map((match) => match[1]);
    expect([...new Set(prefixes)].sort(), "what is put together").toEqual(Object.keys(ENDINGS).sort());
    const said = new Set(
      Object.entries(ENDINGS).flatMap(([prefix, endings]) => endings.map((ending) => `${prefix}.${ending}`)),
    );
    expect(
      [...said].filter((key) => !(key in ja)),
      "said without a word",
    ).toEqual([]);
    expect(KEYS.filter((key) => !said.has(key) && !all.includes(`"${key}"`))).toEqual([]);
  });
});
