import { expect, test } from "vitest";
import type { LogEntry, LogEvent } from "../wire/log";
import type { Anchor } from "../wire/mark";
import { filtered, type Jump, jumpsOf, marksAt, Story } from "./story";

const SECOND = 1_000_000;
const BEGIN = 1_795_000_000 * SECOND;
const ANCHOR = { type: "live", stream: "s", rtpTime: 9_000 } as unknown as Anchor;
const OTHER = { ...ANCHOR, rtpTime: 12_000 };

function entry(seq: number, seconds: number, event: object, name = "佐藤 花"): LogEntry {
  const author = {
    type: "person",
    session: `x${name}`,
    person: "p",
    name,
    initials: "佐",
    role: "cardiologist",
  };
  return { seq, at: BEGIN + seconds * SECOND, author, event: event as LogEvent } as unknown as LogEntry;
}

function mark(id: string, drawnOn: "running" | "freeze", anchor: object, more: object = {}) {
  const shape = { type: "label", at: { x: 0.5, y: 0.5 }, text: `所見 ${id}` };
  return { type: "marked", mark: { id, anchor, shape, pen: "green", drawnOn, ...more } };
}

const LOG: readonly LogEntry[] = [
  entry(1, 0, {
    type: "joined",
    session: "x佐藤 花",
    person: "p",
    name: "佐藤 花",
    role: "cardiologist",
    page: "consult",
  }),
  entry(2, 2, mark("a", "running", ANCHOR)),
  entry(3, 4, { type: "frozen", freeze: "f", anchor: OTHER }),
  entry(4, 5, mark("b", "freeze", OTHER)),
  entry(5, 6, { type: "withdrawn", mark: "b" }),
  entry(6, 7, { type: "released", freeze: "f" }),
  entry(7, 8, { type: "linkSample", seen: { level: "good" } }),
  entry(8, 9, { type: "linkSample", seen: { level: "good" } }),
  entry(9, 10, { type: "linkSample", seen: { level: "choppy" } }),
  entry(10, 11, mark("c", "running", ANCHOR, { replaces: "a" })),
  entry(11, 12, { type: "left", session: "x佐藤 花" }),
];

function seen(story: Story, seconds: number, chosen: Anchor | null = null): string[] {
  const us = BEGIN + seconds * SECOND;
  return marksAt(story.at(us), us, 3, chosen).map((held) => held.mark.id);
}

test("marks appear when they were made, fade as they did, and go when they were withdrawn", () => {
  const story = new Story(LOG);
  expect(seen(story, 1.9)).toEqual([]);
  expect(seen(story, 2)).toEqual(["a"]);
  expect(seen(story, 3.9)).toEqual(["a"]);
  expect(seen(story, 4.5), "over a freeze only those of its frame").toEqual([]);
  expect(seen(story, 5)).toEqual(["b"]);
  expect(seen(story, 6)).toEqual([]);
  expect(seen(story, 7.5), "its seconds are over").toEqual([]);
  expect(seen(story, 11)).toEqual(["c"]);
});

test("a frame that somebody chose has the marks of that frame", () => {
  const story = new Story(LOG);
  expect(seen(story, 10, ANCHOR)).toEqual(["a"]);
  expect(seen(story, 11.5, ANCHOR)).toEqual(["c"]);
});

test("the state of a moment does not depend on where one comes from", () => {
  const many: LogEntry[] = [...LOG];
  for (let n = LOG.length; n < 400; n += 1)
    many.push(entry(n + 1, 20 + n / 10, mark(`m${n}`, "running", ANCHOR)));
  const moments = Array.from({ length: 120 }, (_, n) => BEGIN + ((n * 37) % 120) * 0.5 * SECOND);
  const jumping = new Story(many);
  for (const us of moments) expect(jumping.at(us)).toEqual(new Story(many).at(us));
});

test("who is there, how the picture arrives, and a freeze are those of the moment", () => {
  const story = new Story(LOG);
  expect(story.at(BEGIN - 1).people).toEqual([]);
  const at = (seconds: number) => story.at(BEGIN + seconds * SECOND);
  expect(at(5).state.freeze?.anchor).toEqual(OTHER);
  expect(at(7).state.freeze).toBeNull();
  expect(at(8).people[0]?.link?.level).toBe("good");
  expect(at(10).people[0]?.link?.level).toBe("choppy");
  expect(at(12).people).toEqual([]);
});

test("a clock that was set back leaves the entries in their order", () => {
  const story = new Story([
    ...LOG.slice(0, 3),
    entry(4, -3_600, mark("b", "freeze", OTHER)),
    entry(5, 6, { type: "released", freeze: "f" }),
  ]);
  expect(story.atUs(3)).toBe(story.atUs(2));
  expect(seen(story, 4)).toEqual(["b"]);
});

test("there is a jump to all that happened, once for a word that is said again, and a filter asks for less", () => {
  const jumps = jumpsOf(new Story(LOG));
  const types = (of: readonly Jump[]) => of.map((jump) => jump.entry.event.type);
  expect(types(jumps)).toEqual([
    "joined",
    "marked",
    "frozen",
    "marked",
    "withdrawn",
    "released",
    "linkSample",
    "linkSample",
    "marked",
    "left",
  ]);
  expect(jumps.map((jump) => jump.anchor)).toEqual([
    null,
    ANCHOR,
    OTHER,
    OTHER,
    OTHER,
    null,
    null,
    null,
    ANCHOR,
    null,
  ]);
  expect(jumps.every((jump) => jump.name === "佐藤 花")).toBe(true);
  const text = (jump: Jump) => JSON.stringify(jump.entry.event);
  const nothing = { kinds: new Set<never>(), name: "", words: "" };
  expect(filtered(jumps, nothing, text)).toEqual(jumps);
  expect(types(filtered(jumps, { ...nothing, kinds: new Set(["freeze"] as const) }, text))).toEqual([
    "frozen",
    "released",
  ]);
  expect(filtered(jumps, { ...nothing, words: "所見 B" }, text).length).toBe(1);
  expect(filtered(jumps, { ...nothing, name: "somebody" }, text)).toEqual([]);
});
