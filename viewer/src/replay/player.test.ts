import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BEGIN_US, Recorded, rtpOf, STEP_US, stubReplays, unstubReplays } from "../../test/replayed";
import type { ConsultId, SessionId } from "../wire/ids";
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

async function opened(consult: string): Promise<ConsultPlayer> {
  const player = new ConsultPlayer({ consult: consult as ConsultId, session: SESSION });
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

describe("a mark", () => {
  /** Made on a frozen frame. */
  const marked = (frame: number) => {
    const anchor = { type: "live", stream: "s", rtpTime: rtpOf(frame) };
    const shape = { type: "label", at: { x: 0.5, y: 0.5 }, text: "MR" };
    const event = { type: "marked", mark: { id: "m", anchor, shape, pen: "green", drawnOn: "freeze" } };
    const author = {
      type: "person",
      session: "x",
      person: "p",
      name: "佐藤 花",
      initials: "佐",
      role: "trainer",
    };
    return { seq: 1, at: BEGIN_US + frame * STEP_US, author, event };
  };

  test("stands over its own frame only, and over no other while its own is prepared", async () => {
    one.entries = [marked(400)];
    const player = await opened("one");
    player.seek(BEGIN_US + 100 * STEP_US);
    await vi.waitFor(() => expect(index(player)).toBe(100));
    one.isSlow = true;
    const [jump] = jumpsOf(player.story.value ?? new Story([]));
    if (jump === undefined) throw new Error("the log has no mark");
    player.jump(jump);
    await vi.advanceTimersByTimeAsync(500);
    expect(player.glass.value).toMatchObject({ what: "coming", isStoodOn: true });
    expect(player.marks.value).toEqual([]);
    one.answers();
    await vi.waitFor(() => expect(index(player)).toBe(400));
    expect(player.marks.value.map(({ mark }) => mark.id)).toEqual(["m"]);
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
