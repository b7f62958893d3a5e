import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Piece, SoundCard, saying, stubSound } from "../../test/sound";
import type { SessionId } from "../wire/ids";
import type { ReplayVoice } from "../wire/replay";
import type { RelayTime } from "../wire/units";
import { MediaClock } from "./clock";
import type { Packet } from "./units";
import { DRIFT_S, Voices } from "./voice";

const BEGIN = 1_795_000_000_000_000;
const PACKET_US = 20_000;
/** Between two pictures. */
const TICK_MS = 16;
/** Of one answer of this relay: short, so that many are asked for. */
const ANSWER_PACKETS = 100;

/** A replay in virtual time: its clock, its sound card, and a relay that has packets of some voices. */
class Replay {
  now = 0;
  /** How fast the card's time runs against the page's. */
  cardRate = 1;
  readonly clock = new MediaClock({ from: BEGIN, until: BEGIN + 600e6 });
  readonly asks: [string, number][] = [];
  /** While true, answers wait. */
  isSlow = false;
  readonly faults: unknown[] = [];
  /** Moments of the clock at which pieces were put on the card, by the piece. */
  readonly #due = new Map<Piece, (s: number) => number>();
  #waiting: (() => void)[] = [];
  readonly voices = new Voices(
    (track, fromUs) => this.#answer(track, fromUs),
    (cause) => this.faults.push(cause),
  );

  constructor(public has: ReadonlyMap<string, number>) {
    this.renew();
  }

  /** The page hears what there is of each voice: whole seconds from the beginning. */
  renew(): void {
    this.voices.take(
      [...this.has].map(([track, seconds]) => {
        const spoken = [[BEGIN, BEGIN + seconds * 1e6] as [RelayTime, RelayTime]];
        return { track, session: `of ${track}` as SessionId, spoken } satisfies ReplayVoice;
      }),
    );
  }

  async #answer(track: string, fromUs: number): Promise<Packet[]> {
    this.asks.push([track, (fromUs - BEGIN) / 1e6]);
    const count = (this.has.get(track) ?? 0) * 50;
    const first = Math.max(0, Math.ceil((fromUs - BEGIN) / PACKET_US));
    const numbers = Array.from(
      { length: Math.max(0, Math.min(ANSWER_PACKETS, count - first)) },
      (_, i) => first + i,
    );
    const packets = numbers.map((n) => ({ atUs: BEGIN + n * PACKET_US, bytes: saying(n) }));
    if (this.isSlow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return packets;
  }

  answers(): void {
    this.isSlow = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async run(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += TICK_MS;
      if (SoundCard.last !== undefined) this.card.currentTime += (TICK_MS / 1_000) * this.cardRate;
      const { clock } = this;
      this.voices.tick(clock.due(this.now), clock.playing && !clock.held, clock.speed);
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
      const [us, s, { speed }, rate] = [clock.due(this.now), this.card.currentTime, clock, this.cardRate];
      for (const piece of this.card.pieces)
        if (!this.#due.has(piece)) this.#due.set(piece, (at) => us + ((at - s) / rate) * 1e6 * speed);
    }
  }

  get card(): SoundCard {
    return SoundCard.last;
  }

  /** What is heard from a moment of the card's time on, in order. */
  heard(sinceS = 0): Piece[] {
    const { currentTime } = this.card;
    return this.card.pieces
      .filter(({ startS, stoppedS }) => startS >= sinceS && startS < Math.min(stoppedS, currentTime))
      .sort((a, b) => a.startS - b.startS);
  }

  /** How far a piece is heard from when it was said, in seconds of the card. */
  apart(piece: Piece): number {
    const due = this.#due.get(piece)?.(piece.startS) ?? Number.NaN;
    return (BEGIN + piece.says * PACKET_US - due) / 1e6 / piece.rate;
  }

  seconds(pieces: readonly Piece[]): number[] {
    return [...new Set(pieces.map(({ says }) => Math.floor(says / 50)))];
  }
}

function consecutive(pieces: readonly Piece[]): boolean {
  return pieces.every(({ says }, i) => i === 0 || says === (pieces[i - 1]?.says ?? 0) + 1);
}

let replay: Replay;

beforeEach(() => {
  stubSound();
  new SoundCard();
  replay = new Replay(new Map([["a", 60]]));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a voice on the clock", () => {
  test("each piece is heard when it was said, none is left out", async () => {
    replay.clock.play(0);
    await replay.run(5_000);
    const heard = replay.heard();
    expect(heard.length).toBeGreaterThan(240);
    expect(consecutive(heard)).toBe(true);
    for (const piece of heard) expect(Math.abs(replay.apart(piece))).toBeLessThan(0.001);
  });

  test.each([0.5, 1.5, 2])(
    "at %d times its speed as well, and where it changes on the way",
    async (speed) => {
      replay.clock.play(0);
      await replay.run(1_000);
      replay.clock.setSpeed(speed, replay.now);
      const sinceS = replay.card.currentTime;
      await replay.run(3_000);
      const heard = replay.heard(sinceS + 0.1);
      expect(heard.length).toBeGreaterThan(130 * speed);
      expect(consecutive(heard)).toBe(true);
      for (const piece of heard) {
        expect(piece.rate).toBe(speed);
        expect(Math.abs(replay.apart(piece))).toBeLessThan(0.001);
      }
    },
  );

  test.each([0.25, 4])("at %d times its speed nothing sounds", async (speed) => {
    replay.clock.play(0);
    await replay.run(1_000);
    replay.clock.setSpeed(speed, replay.now);
    const sinceS = replay.card.currentTime + 0.05;
    await replay.run(2_000);
    expect(replay.heard(sinceS)).toEqual([]);
  });

  test("a card whose time runs otherwise never parts from it by more than an ear hears", async () => {
    replay.cardRate = 1.01;
    replay.clock.play(0);
    await replay.run(20_000);
    const apart = replay.heard().map((piece) => Math.abs(replay.apart(piece)));
    // What was put on the card ahead goes on drifting until it sounds.
    expect(Math.max(...apart)).toBeLessThan(DRIFT_S + 0.01);
    expect(Math.max(...apart), "it drifted").toBeGreaterThan(DRIFT_S / 2);
  });

  test("a seek goes on with what was said there, and nothing of before sounds", async () => {
    replay.clock.play(0);
    await replay.run(2_000);
    for (const second of [40, 1, 41, 0]) {
      replay.clock.seek(BEGIN + second * 1e6, replay.now);
      const sinceS = replay.card.currentTime + 0.02;
      await replay.run(900);
      const heard = replay.heard(sinceS);
      expect(replay.seconds(heard), `${second}`).toEqual([second]);
      expect(consecutive(heard)).toBe(true);
      expect(heard.length).toBeGreaterThan(35);
    }
  });

  test("while the clock stands nothing sounds; then it goes on where it was", async () => {
    replay.clock.play(0);
    await replay.run(1_000);
    for (const [stand, on] of [
      [() => replay.clock.pause(replay.now), () => replay.clock.play(replay.now)],
      [() => replay.clock.hold(replay.now), () => replay.clock.release(replay.now)],
    ] as const) {
      stand();
      const [fromS, atUs] = [replay.card.currentTime + 0.02, replay.clock.due(replay.now)];
      await replay.run(1_000);
      expect(replay.heard(fromS)).toEqual([]);
      on();
      await replay.run(1_000);
      const [first] = replay.heard(fromS);
      expect(BEGIN + (first?.says ?? 0) * PACKET_US - atUs).toBeLessThan(150_000);
    }
  });

  test("it is silent behind its end, and asks for nothing more", async () => {
    replay.clock.play(0);
    replay.clock.seek(BEGIN + 58e6, 0);
    await replay.run(3_000);
    expect(replay.heard().at(-1)?.says).toBe(60 * 50 - 1);
    const asks = replay.asks.length;
    await replay.run(20_000);
    expect(replay.asks.length).toBe(asks);
  });
});

describe("voices of a consult that goes on", () => {
  test("one that was heard to its end is heard on when more of it comes", async () => {
    replay.has = new Map([["a", 3]]);
    replay.renew();
    replay.clock.play(0);
    await replay.run(2_000);
    replay.has = new Map([["a", 9]]);
    replay.renew();
    await replay.run(4_900);
    const heard = replay.heard();
    expect(replay.seconds(heard)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(consecutive(heard), "without a break").toBe(true);
    expect(replay.voices.speaking(BEGIN + 8e6).size).toBe(1);
  });

  test("one that was discarded is silent at once, also where another takes its place", async () => {
    replay.has = new Map([
      ["a", 60],
      ["b", 60],
    ]);
    replay.renew();
    replay.clock.play(0);
    await replay.run(1_000);
    const both = replay.heard();
    expect(both.length).toBeGreaterThan(80);
    replay.has = new Map([
      ["b", 60],
      ["c", 60],
    ]);
    replay.renew();
    const sounding = replay.card.pieces.filter(({ stoppedS }) => stoppedS === replay.card.currentTime);
    expect(sounding.length, "what was put on the card of one of them").toBeGreaterThan(10);
    expect(replay.voices.speaking(BEGIN + 1e6)).toEqual(new Set(["of b", "of c"]));
    const asked = replay.asks.length;
    await replay.run(3_000);
    expect(replay.asks.slice(asked).every(([track]) => track !== "a")).toBe(true);
    const [one, other] = replay.heard(replay.card.currentTime - 0.5);
    expect([one?.says, other?.says].map((says) => Math.floor((says ?? 0) / 50))).toEqual([3, 3]);
  });
});

describe("an answer that is slow", () => {
  test("a seek back while it is under way is heard from there", async () => {
    replay.clock.play(0);
    await replay.run(100);
    // What is here ends with the first answers; the next one is on its way when somebody goes back.
    replay.isSlow = true;
    await replay.run(3_000);
    replay.clock.seek(BEGIN + 2.2e6, replay.now);
    replay.answers();
    const sinceS = replay.card.currentTime + 0.02;
    await replay.run(900);
    expect(replay.seconds(replay.heard(sinceS))).toEqual([2, 3]);
    expect(consecutive(replay.heard(sinceS))).toBe(true);
  });

  test("an answer for a place that somebody left takes nothing away", async () => {
    replay.clock.play(0);
    await replay.run(1_000);
    replay.isSlow = true;
    replay.clock.seek(BEGIN + 50e6, replay.now);
    await replay.run(100);
    replay.clock.seek(BEGIN + 0.2e6, replay.now);
    await replay.run(32);
    const asks = replay.asks.length;
    replay.answers();
    const sinceS = replay.card.currentTime + 0.02;
    await replay.run(700);
    expect(replay.seconds(replay.heard(sinceS))).toEqual([0]);
    expect(replay.heard(sinceS).length).toBeGreaterThan(25);
    expect(replay.asks.slice(asks).every(([, from]) => from > 0.5)).toBe(true);
  });

  test("one that fails is said, and asked for again after a while and not at each picture", async () => {
    vi.useFakeTimers();
    const failing = new Voices(
      () => {
        replay.asks.push(["a", 0]);
        return Promise.reject(new Error("away"));
      },
      (cause) => replay.faults.push(cause),
    );
    const spoken = [[BEGIN, BEGIN + 60e6] as [RelayTime, RelayTime]];
    failing.take([{ track: "a", session: "s" as SessionId, spoken }]);
    for (let tick = 0; tick < 100; tick += 1) {
      failing.tick(BEGIN + tick * 16_000, true, 1);
      await vi.advanceTimersByTimeAsync(16);
    }
    expect([replay.faults.length, replay.asks.length]).toEqual([2, 2]);
  });
});
