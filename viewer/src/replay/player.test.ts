import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  BEGIN_US,
  beginOf,
  FakeDecoder,
  Recorded,
  rtpOf,
  STEP_US,
  stubReplays,
  unstubReplays,
} from "../../test/replayed";
import { stubSound } from "../../test/sound";
import type { ConsultId, SessionId, StreamId } from "../wire/ids";
import type { RelayTime } from "../wire/units";
import { besides } from "./beside";
import { ConsultPlayer } from "./player";
import { jumpsOf, Story } from "./story";

const SESSION = "me" as SessionId;

let one: Recorded;
let other: Recorded;
let players: ConsultPlayer[];

beforeEach(() => {
  [one, other, players] = [new Recorded(), new Recorded(), []];
  stubReplays(
    new Map([
      ["one", one],
      ["other", other],
    ]),
  );
});

afterEach(() => {
  for (const player of players) player.close();
  unstubReplays();
});

async function opened(consult: string, only: string | null = null): Promise<ConsultPlayer> {
  const place = { consult: consult as ConsultId, session: SESSION };
  const player = new ConsultPlayer(place, only as StreamId | null);
  players.push(player);
  await vi.waitFor(() => expect(player.glass.value.what).toBe("frame"));
  return player;
}

function index(player: ConsultPlayer): number {
  const glass = player.glass.value;
  return glass.what === "frame" ? glass.index : -1;
}

/** Lets so much time pass and says how much of the consult did, in seconds. */
async function passes(player: ConsultPlayer, ms: number): Promise<number> {
  const before = player.at.value;
  await vi.advanceTimersByTimeAsync(ms);
  return (player.at.value - before) / 1e6;
}

describe("a consult that is replayed", () => {
  test("steps on and back by one frame each, and stays at its ends", async () => {
    const player = await opened("one");
    player.seek(BEGIN_US + 100 * STEP_US);
    await vi.waitFor(() => expect(index(player)).toBe(100));
    for (const [by, there] of [
      [1, 101],
      [1, 102],
      [-1, 101],
      [-1, 100],
      [-1, 99],
    ] as const) {
      player.step(by);
      await vi.waitFor(() => expect(index(player)).toBe(there));
      expect(player.at.value).toBe(BEGIN_US + there * STEP_US);
    }
    player.seek(BEGIN_US + 499 * STEP_US);
    player.step(1);
    await vi.waitFor(() => expect(index(player)).toBe(499));
  });

  test.each([0.25, 0.5, 1, 1.5, 2, 4])("runs at %d times its speed, picture and all", async (speed) => {
    const player = await opened("one");
    player.setSpeed(speed);
    player.toggle();
    expect(await passes(player, 2_000)).toBeCloseTo(2 * speed, 1);
    expect(player.waiting.value).toBe(false);
    expect(index(player)).toBe(Math.floor((player.at.value - BEGIN_US) / STEP_US));
  });

  test("loops the stretch that somebody chose until they end it", async () => {
    const player = await opened("one");
    const [from, until] = [BEGIN_US + 2e6, BEGIN_US + 3e6];
    player.setStretch({ from, until });
    player.seek(from);
    player.toggle();
    for (let turn = 0; turn < 12; turn += 1) {
      await passes(player, 290);
      expect(player.at.value).toBeGreaterThanOrEqual(from);
      expect(player.at.value).toBeLessThan(until);
    }
    player.setStretch(null);
    await passes(player, 2_000);
    expect(player.at.value).toBeGreaterThan(until);
  });

  test("hears of what is said on while it is open, and of what was discarded", async () => {
    const said = (track: string, seconds: number) => {
      const spoken = [[BEGIN_US, BEGIN_US + seconds * 1e6] as [RelayTime, RelayTime]];
      return { track, session: `of ${track}` as SessionId, spoken };
    };
    one.closedAt = null;
    one.voices = [said("a", 1)];
    const player = await opened("one");
    player.seek(BEGIN_US + 5e6);
    expect([...player.speaking.value]).toEqual([]);
    for (const track of ["a", "b"]) {
      one.voices = [said(track, 9)];
      await vi.advanceTimersByTimeAsync(3_500);
      expect([...player.speaking.value]).toEqual([`of ${track}`]);
    }
  });
});

/** An entry of the log. */
function entry(seq: number, us: number, event: object) {
  const author = {
    type: "person",
    session: "x",
    person: "p",
    name: "佐藤 花",
    initials: "佐",
    role: "trainer",
  };
  return { seq, at: us, author, event };
}

function anchorOf(frame: number, stream = "s") {
  return { type: "live", stream, rtpTime: rtpOf(frame, stream) };
}

/** Made on a frozen frame, or on the running picture. */
function marked(id: string, frame: number, stream = "s", drawnOn = "freeze") {
  const shape = { type: "label", at: { x: 0.5, y: 0.5 }, text: "MR" };
  return { type: "marked", mark: { id, anchor: anchorOf(frame, stream), shape, pen: "green", drawnOn } };
}

function marks(player: ConsultPlayer): string[] {
  return player.marks.value.map(({ mark }) => mark.id);
}

describe("a mark", () => {
  test("stands over its own frame only, and over no other while its own is prepared", async () => {
    one.entries = [entry(1, BEGIN_US + 400 * STEP_US, marked("m", 400))];
    const player = await opened("one");
    player.seek(BEGIN_US + 100 * STEP_US);
    await vi.waitFor(() => expect(index(player)).toBe(100));
    one.isSlow = true;
    const [jump] = jumpsOf(player.story.value ?? new Story([]));
    if (jump === undefined) throw new Error("the log has no mark");
    player.jump(jump);
    await vi.advanceTimersByTimeAsync(500);
    expect(player.glass.value).toMatchObject({ what: "coming", isApart: true });
    expect(player.marks.value).toEqual([]);
    one.answers();
    await vi.waitFor(() => expect(index(player)).toBe(400));
    expect(marks(player)).toEqual(["m"]);
  });
});

describe("a mark on the running picture", () => {
  test("does not stand over the picture from before a leap", async () => {
    one.entries = [entry(1, BEGIN_US + 400 * STEP_US, marked("m", 400, "s", "live"))];
    const player = await opened("one");
    player.seek(BEGIN_US + 100 * STEP_US);
    await vi.waitFor(() => expect(index(player)).toBe(100));
    one.isSlow = true;
    player.seek(BEGIN_US + 401 * STEP_US);
    await vi.advanceTimersByTimeAsync(500);
    expect(player.glass.value).toMatchObject({ what: "coming", isApart: true });
    expect(marks(player)).toEqual([]);
    one.answers();
    await vi.waitFor(() => expect(index(player)).toBe(401));
    expect(marks(player)).toEqual(["m"]);
  });
});

describe("two side by side", () => {
  test("the right one stands at the left one's moment, as far apart as they were laid", async () => {
    const [leader, follower] = [await opened("one"), await opened("other")];
    let apartUs = 0;
    const stop = besides(leader, follower, () => apartUs);
    leader.seek(BEGIN_US + 4e6);
    await vi.waitFor(() => expect([index(leader), index(follower)]).toEqual([100, 100]));
    apartUs = 2e6;
    leader.seek(BEGIN_US + 6e6);
    await vi.waitFor(() => expect([index(leader), index(follower)]).toEqual([150, 200]));
    leader.toggle();
    await passes(leader, 1_000);
    expect(index(follower) - index(leader)).toBe(50);
    stop();
    expect(await passes(follower, 1_000)).toBe(0);
  });

  test("the one clock waits for the right picture as well", async () => {
    const [leader, follower] = [await opened("one"), await opened("other")];
    const stop = besides(leader, follower, () => 0);
    other.isSlow = true;
    leader.seek(BEGIN_US + 10e6);
    leader.toggle();
    expect(await passes(leader, 3_000)).toBeLessThan(0.5);
    expect(leader.waiting.value).toBe(true);
    expect(follower.glass.value.what).toBe("coming");
    other.answers();
    await vi.waitFor(() => expect(leader.waiting.value).toBe(false));
    expect(await passes(leader, 2_000)).toBeCloseTo(2, 1);
    expect(index(follower)).toBe(index(leader));
    // Nobody waits for one that was put away.
    other.isSlow = true;
    stop();
    follower.seek(BEGIN_US);
    expect(await passes(leader, 1_000)).toBeCloseTo(1, 1);
  });
});

describe("a consult whose device was changed", () => {
  beforeEach(() => {
    one.streams = ["s", "t"];
    const onOther = beginOf("t") + 10 * STEP_US;
    one.entries = [
      entry(1, BEGIN_US + 10 * STEP_US, marked("pinned", 10, "s", "running")),
      entry(2, BEGIN_US + 11 * STEP_US, { type: "pinned", mark: "pinned", pinned: true }),
      entry(3, BEGIN_US + 400 * STEP_US, { type: "frozen", freeze: "f", anchor: anchorOf(400) }),
      entry(4, BEGIN_US + 401 * STEP_US, marked("frozen", 400)),
      entry(5, onOther, marked("other", 10, "t", "running")),
    ];
  });

  test("shows what belongs to a stream over that stream, also where everybody stood on another one", async () => {
    const ofOther = await opened("one", "t");
    ofOther.seek(beginOf("t") + 20 * STEP_US);
    await vi.waitFor(() => expect(index(ofOther)).toBe(20));
    expect([marks(ofOther), ofOther.frozen.value]).toEqual([["other"], null]);
    const ofOne = await opened("one", "s");
    ofOne.seek(BEGIN_US + 450 * STEP_US);
    await vi.waitFor(() => expect(index(ofOne)).toBe(400));
    expect([marks(ofOne), ofOne.frozen.value?.freeze]).toEqual([["frozen"], "f"]);
  });

  test("decodes only the one that is on the glass", async () => {
    one.entries = [];
    const player = await opened("one");
    const before = FakeDecoder.open;
    player.seek(beginOf("t") + 20 * STEP_US);
    await vi.waitFor(() => expect(index(player)).toBe(20));
    player.seek(BEGIN_US + 30 * STEP_US);
    await vi.waitFor(() => expect(index(player)).toBe(30));
    expect(FakeDecoder.open).toBe(before);
  });
});

describe("a consult that goes on", () => {
  const tables = () => one.asked.filter((path) => path === "/pictures/s").length;
  const joined = (seq: number) => entry(seq, BEGIN_US + seq * 1e6, { type: "released", freeze: "none" });

  test("is asked for its frames anew when they changed, and not when only its log grew", async () => {
    one.closedAt = null;
    await opened("one");
    for (let seq = 1; seq <= 4; seq += 1) {
      one.entries.push(joined(seq));
      await vi.advanceTimersByTimeAsync(3_500);
    }
    expect(tables()).toBe(1);
    one.entries.push(entry(5, BEGIN_US + 9e6, { type: "streamWhole", stream: "s" }));
    await vi.advanceTimersByTimeAsync(3_500);
    expect(tables()).toBe(2);
    one.frames += 10;
    await vi.advanceTimersByTimeAsync(3_500);
    expect(tables()).toBe(3);
  });

  test("shows no pointer that was discarded, also when as many came since", async () => {
    one.closedAt = null;
    const move = (seconds: number, x: number) => {
      return { at: BEGIN_US + seconds * 1e6, session: "x", place: { x, y: 0.5 } };
    };
    one.moves = [move(2, 0.1), move(3, 0.2)];
    await opened("one");
    const asks = () => one.asked.filter((path) => path === "/pointers").length;
    expect(asks()).toBe(1);
    one.moves = [move(12, 0.3), move(13, 0.4)];
    one.entries.push(entry(1, BEGIN_US + 11e6, { type: "voiceDiscarded" }));
    await vi.advanceTimersByTimeAsync(3_500);
    expect(asks()).toBe(2);
  });
});

test("a voice that did not come is told by its cause, and no more once it goes on", async () => {
  stubSound();
  const spoken = [[BEGIN_US, BEGIN_US + 60e6] as [RelayTime, RelayTime]];
  one.voices = [{ track: "a", session: "x" as SessionId, spoken }];
  const player = await opened("one");
  one.broken.add("/voices/a");
  player.toggle();
  await vi.waitFor(() => expect(player.trouble.value).toBe("internal"));
  one.broken.clear();
  await vi.advanceTimersByTimeAsync(2_500);
  expect(player.trouble.value).toBeNull();
});

test("an original that did not come is told, and asked for again by who tries again or comes back", async () => {
  const { stream, rtpTime } = anchorOf(100);
  const original = { blob: "b", digest: "d", bytes: 1, width: 1, height: 1 };
  one.entries = [
    entry(1, BEGIN_US + 100 * STEP_US, { type: "frozen", freeze: "f", anchor: anchorOf(100) }),
    entry(2, BEGIN_US + 101 * STEP_US, {
      type: "originalKept",
      stream,
      rtpTime,
      original,
      facts: {},
    }),
  ];
  one.broken.add("/blobs/b");
  const player = await opened("one");
  const asks = () => one.asked.filter((path) => path === "/blobs/b").length;
  player.seek(BEGIN_US + 120 * STEP_US);
  await vi.waitFor(() => expect(player.trouble.value).toBe("internal"));
  expect(asks()).toBe(1);
  player.retry();
  await vi.waitFor(() => expect([asks(), player.trouble.value]).toEqual([2, "internal"]));
  player.seek(BEGIN_US + 130 * STEP_US);
  await vi.waitFor(() => expect(asks()).toBe(3));
});
