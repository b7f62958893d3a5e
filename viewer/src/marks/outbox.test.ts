import { expect, test } from "vitest";
import type { AnnotationId, ClipId, ConsultId, PersonId } from "../wire/ids";
import type { LogEntry, LogEvent } from "../wire/log";
import type { ConsultState, MarkState } from "../wire/socket";
import type { RelayTime } from "../wire/units";
import { MAX_OUTBOX_ITEMS, Outbox, type OutItem, type OutMessage, ownerKey } from "./outbox";
import type { OutboxDisk } from "./outbox-disk";

class MemoryDisk implements OutboxDisk {
  readonly items = new Map<string, OutItem>();
  async all() {
    return [...this.items.values()];
  }
  async put(item: OutItem) {
    this.items.set(item.key, item);
  }
  async remove(key: string) {
    this.items.delete(key);
  }
}

const id = (name: string) => name as AnnotationId;
const draw = (name: string): OutMessage => ({
  type: "mark",
  mark: {
    id: id(name),
    anchor: { type: "live", stream: "s" as never, rtpTime: 1 as never },
    shape: { type: "stroke", points: [{ x: 0, y: 0 }] },
    pen: "white",
    drawnOn: "running",
  },
});
const entry = (event: LogEvent): LogEntry => ({
  seq: 1,
  at: 0 as RelayTime,
  author: { type: "relay" },
  event,
});
const inForce = (name: string, pinned: boolean): MarkState => {
  const message = draw(name);
  if (message.type !== "mark") throw new Error("not a mark");
  return { mark: message.mark, author: { type: "relay" }, at: 0 as RelayTime, pinned };
};
const MINE = ownerKey("me" as PersonId, "c" as ConsultId);
const filled = (messages: OutMessage[], disk = new MemoryDisk()) => {
  const outbox = new Outbox(MINE, disk, () => undefined);
  for (const message of messages) outbox.put(message);
  return { outbox, disk };
};
const kinds = (outbox: Outbox) => outbox.items.map(({ message }) => message.type);

test("a mark leaves only when the log shows it", async () => {
  const { outbox, disk } = filled([draw("a"), draw("b")]);
  outbox.confirm(entry({ type: "withdrawn", mark: id("other") }));
  expect(outbox.items.length).toBe(2);
  const made = draw("a");
  if (made.type === "mark") outbox.confirm(entry({ type: "marked", mark: made.mark }));
  expect(outbox.items.map((item) => item.message)).toEqual([draw("b")]);
  expect([...disk.items.values()].map((item) => item.message)).toEqual([draw("b")]);
});

test("after a reload the same person sends what was left, in the order of making", async () => {
  const { disk } = filled([draw("a"), { type: "withdraw", mark: id("a") }, draw("b")]);
  const again = new Outbox(MINE, disk, () => undefined);
  again.put(draw("c"));
  await again.load();
  expect(kinds(again)).toEqual(["mark", "withdraw", "mark", "mark"]);
  expect(again.items.at(-1)?.message).toEqual(draw("c"));
});

test("what another person or another consult left stays unsent", async () => {
  const { disk } = filled([draw("a")]);
  for (const other of [
    ownerKey("you" as PersonId, "c" as ConsultId),
    ownerKey("me" as PersonId, "d" as ConsultId),
  ]) {
    const outbox = new Outbox(other, disk, () => undefined);
    await outbox.load();
    expect(outbox.items).toEqual([]);
  }
  expect(disk.items.size).toBe(1);
});

test("a snapshot confirms what it shows and leaves the rest", () => {
  const { outbox } = filled([
    draw("stored"),
    draw("fresh"),
    { type: "withdraw", mark: id("gone") },
    { type: "withdraw", mark: id("fresh") },
    { type: "pin", mark: id("stored"), pinned: true },
  ]);
  const state: ConsultState = {
    streams: [],
    freeze: null,
    scales: [],
    marks: [inForce("stored", false)],
    clips: [],
    recordings: [],
    voiceRecording: { consent: null, written: null, kept: "nothing" },
  };
  outbox.confirmBy(state);
  expect(outbox.items.map(({ message }) => [message.type, "mark" in message && message.mark])).toMatchObject([
    ["mark", { id: "fresh" }],
    ["withdraw", "fresh"],
    ["pin", "stored"],
  ]);
  outbox.confirmBy({ ...state, marks: [inForce("stored", true), inForce("fresh", false)] });
  expect(kinds(outbox)).toEqual(["withdraw"]);
});

test("a withdrawal in the log ends everything about that mark", () => {
  const { outbox } = filled([
    draw("a"),
    { type: "pin", mark: id("a"), pinned: true },
    { type: "withdraw", mark: id("a") },
    draw("b"),
  ]);
  outbox.confirm(entry({ type: "withdrawn", mark: id("a") }));
  expect(outbox.items.map(({ message }) => message)).toEqual([draw("b")]);
});

test("a pin waits for its own answer", () => {
  const { outbox } = filled([{ type: "pin", mark: id("a"), pinned: false }]);
  outbox.confirm(entry({ type: "pinned", mark: id("a"), pinned: true }));
  expect(outbox.items.length).toBe(1);
  outbox.confirm(entry({ type: "pinned", mark: id("a"), pinned: false }));
  expect(outbox.items.length).toBe(0);
});

test("a refusal that passes keeps the mark, a final one ends it and what belongs to it", () => {
  const { outbox } = filled([draw("a"), { type: "pin", mark: id("a"), pinned: true }, draw("b")]);
  expect(outbox.refused(id("a"), "storageFailed")).toBe(true);
  expect(outbox.items.length).toBe(3);
  expect(outbox.refused(id("a"), "markRefused")).toBe(false);
  expect(outbox.items.map(({ message }) => message)).toEqual([draw("b")]);
});

test("a refused withdrawal does not take a later one with it", () => {
  const { outbox } = filled([
    { type: "withdraw", mark: id("a") },
    { type: "pin", mark: id("a"), pinned: true },
  ]);
  outbox.refused(id("a"), "notYourMark");
  expect(kinds(outbox)).toEqual(["pin"]);
});

test("a full outbox says so instead of losing the oldest", () => {
  const { outbox } = filled(Array.from({ length: MAX_OUTBOX_ITEMS }, (_, i) => draw(`m${i}`)));
  expect(outbox.put(draw("one more"))).toBeNull();
  expect(outbox.items.length).toBe(MAX_OUTBOX_ITEMS);
});

test("what the relay had already leaves, and what follows about the same mark waits for its own answer", () => {
  const { outbox } = filled([draw("a"), { type: "withdraw", mark: id("a") }, draw("b")]);
  outbox.known(id("a"));
  expect(outbox.items.map(({ message }) => message)).toEqual([
    { type: "withdraw", mark: id("a") },
    draw("b"),
  ]);
});

const save = (name: string): OutMessage => ({
  type: "saveClip",
  clip: name as ClipId,
  what: { type: "last", seconds: 6 },
  view: null,
});

test("a press of save leaves when the log has its clip, by entry or by snapshot", () => {
  const { outbox } = filled([save("a"), save("b"), draw("m")]);
  outbox.confirm(entry({ type: "clipAsked", clip: "a" as ClipId, what: { type: "last", seconds: 9 } }));
  expect(outbox.items.map(({ message }) => message)).toEqual([save("b"), draw("m")]);
  outbox.confirmBy({
    streams: [],
    freeze: null,
    marks: [],
    scales: [],
    clips: [
      {
        clip: "b" as ClipId,
        author: { type: "relay" },
        at: 0 as RelayTime,
        head: null,
        stage: { stage: "asked" },
      },
    ],
    recordings: [],
    voiceRecording: { consent: null, written: null, kept: "nothing" },
  });
  expect(kinds(outbox)).toEqual(["mark"]);
});

test("a refused press ends, and what was given up is named", () => {
  const { outbox, disk } = filled([save("a"), save("b")]);
  expect(outbox.refused("a" as ClipId, "noDevice")).toBe(false);
  expect(outbox.giveUp(({ message }) => message.type === "saveClip").map(({ message }) => message)).toEqual([
    save("b"),
  ]);
  expect([outbox.items.length, disk.items.size]).toEqual([0, 0]);
});
