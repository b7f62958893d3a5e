import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OutItem } from "../marks/outbox";
import type { ClipHead, ClipStage, ClipState, SaveWhat } from "../wire/clip";
import type { ClipId, StreamId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { RelayTime, RtpTime } from "../wire/units";
import type { Consult } from "./consult";
import { Saving } from "./saving";

const AUTHOR = { type: "relay" } as const;
const id = (name: string) => name as ClipId;
const clip = (name: string, stage: ClipStage, bytes: number | null = 1_000): ClipState => ({
  clip: id(name),
  author: AUTHOR,
  at: 0 as RelayTime,
  head: bytes === null ? null : ({ clip: id(name), bytes, frames: 180 } as ClipHead),
  stage,
});

/** What of a consult saving looks at. */
function fakeConsult(clips: ClipState[]) {
  const asked: { clip: ClipId; what: SaveWhat; view: string | null }[] = [];
  const replica = signal({ state: { clips } });
  const pending = signal<OutItem[]>([]);
  const consult = {
    replica,
    pending,
    clipBytes: signal(new Map<ClipId, number>()),
    current: signal(true),
    grant: { session: "s", person: "p", name: "n", initials: "i", role: "cardiologist", consult: "c" },
    saveClip: (made: ClipId, what: SaveWhat, view: string | null) => asked.push({ clip: made, what, view }),
  };
  return { asked, replica, pending, consult, as: consult as unknown as Consult };
}

const anchor: Anchor = { type: "live", stream: "s" as StreamId, rtpTime: 7 as RtpTime };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("each press has an id of its own, and the view sticks until it is changed", () => {
  const { asked, as } = fakeConsult([]);
  const saving = new Saving(as, () => anchor);
  saving.view.value = "A4C";
  saving.press();
  saving.press();
  saving.still();
  expect(new Set(asked.map((press) => press.clip)).size).toBe(3);
  expect(asked.map(({ what, view }) => [what.type, view])).toEqual([
    ["last", "A4C"],
    ["last", "A4C"],
    ["frame", "A4C"],
  ]);
});

test("who chose nothing else saves the last six seconds", () => {
  const { asked, as } = fakeConsult([]);
  new Saving(as, () => null).press();
  expect(asked).toEqual([expect.objectContaining({ what: { type: "last", seconds: 6 } })]);
});

test("without a frozen frame there is no still to save", () => {
  const { asked, as } = fakeConsult([]);
  new Saving(as, () => null).still();
  expect(asked).toEqual([]);
});

test("the newest stands first, and a press that nobody has heard of is in the list as unsaid", () => {
  const { consult, pending, as } = fakeConsult([
    clip("old", { stage: "kept" }),
    clip("new", { stage: "arriving" }),
  ]);
  consult.clipBytes.value = new Map([[id("new"), 250]]);
  const press = {
    type: "saveClip",
    clip: id("mine"),
    what: { type: "last", seconds: 6 },
    view: null,
  } as const;
  pending.value = [{ key: "k", owner: "o", order: 5, message: press }];
  const saving = new Saving(as, () => null);
  expect(saving.clips.value.map((shown) => [shown.clip, shown.said, shown.arrived])).toEqual([
    ["mine", false, 0],
    ["new", true, 0.25],
    ["old", true, 1],
  ]);
  // The log has it now: it is there once.
  consult.replica.value = { state: { clips: [clip("mine", { stage: "asked" }, null)] } };
  expect(saving.clips.value.map((shown) => [shown.clip, shown.said])).toEqual([["mine", true]]);
});

test("what happens to a clip is news for a while; what was over before the page came is none", () => {
  const { replica, as } = fakeConsult([clip("before", { stage: "kept" })]);
  const saving = new Saving(as, () => null);
  expect(saving.news.value).toBeNull();
  const stages: ClipStage[] = [{ stage: "asked" }, { stage: "arriving" }, { stage: "kept" }];
  for (const stage of stages) {
    replica.value = { state: { clips: [clip("before", { stage: "kept" }), clip("now", stage)] } };
    vi.advanceTimersByTime(60_000 * (stage.stage === "kept" ? 0 : 1));
    expect(saving.news.value?.stage).toEqual(stage);
  }
  vi.advanceTimersByTime(60_000);
  expect(saving.news.value).toBeNull();
});

test("an older clip is no news because a newer press was given up", () => {
  const { pending, as } = fakeConsult([clip("old", { stage: "kept" })]);
  const saving = new Saving(as, () => null);
  const press = {
    type: "saveClip",
    clip: id("mine"),
    what: { type: "last", seconds: 6 },
    view: null,
  } as const;
  pending.value = [{ key: "k", owner: "o", order: 5, message: press }];
  expect(saving.news.value?.clip).toBe("mine");
  pending.value = [];
  expect(saving.news.value).toBeNull();
});
