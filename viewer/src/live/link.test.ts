import { describe, expect, test } from "vitest";
import type { Adequacy, UplinkState } from "../wire/link";
import { type Arriving, hintFor, QUESTIONS, type Question, type Shortage, WANTED } from "./adequacy";
import { type AtPage, type AtRelay, causeOf, lineLevel } from "./link-cause";
import { Pauses } from "./pauses";

/** Enough of everything. */
const PLENTY: Arriving = { fps: 60, width: 1280, height: 960, kbps: 200_000 };

/** Plenty, but for one thing. */
function butFor(what: Shortage, value: number): Arriving {
  switch (what) {
    case "fps":
      return { ...PLENTY, fps: value };
    case "lines":
      return { ...PLENTY, height: value };
    case "bits":
      return { ...PLENTY, kbps: (value * PLENTY.width * PLENTY.height * 60) / 1000 };
  }
}

describe("what the transmission allows", () => {
  test("plenty is adequate for everything, and nothing is short", () => {
    for (const question of QUESTIONS)
      expect(hintFor(question, PLENTY, "unknown")).toEqual({ adequacy: "adequate", short: null });
  });

  test.each(
    QUESTIONS.flatMap((question) =>
      (["fps", "lines", "bits"] as const).map((what): [Question, Shortage] => [question, what]),
    ),
  )("%s: each step of %s lies where its bound says", (question, what) => {
    const [adequate, limited] = WANTED[question][what];
    const at = (value: number) => hintFor(question, butFor(what, value), "unknown");
    // A hair above the bound, for what is multiplied and divided on the way.
    expect(at(adequate * 1.000001).adequacy).toBe("adequate");
    expect(at(adequate * 0.999)).toEqual({ adequacy: "limited", short: what });
    expect(at(limited * 1.000001)).toEqual({ adequacy: "limited", short: what });
    expect(at(limited * 0.999)).toEqual({ adequacy: "notAdequate", short: what });
  });

  test("the figures of the field: rural, a phone's low layer, and a slow tool", () => {
    const all = (arriving: Arriving) =>
      QUESTIONS.map((question) => hintFor(question, arriving, "unknown").adequacy);
    // lte_rural: 0.8 Mbit/s left for the picture, whole size, 22 frames: speckle holds, colour smears.
    expect(all({ fps: 22, width: 800, height: 600, kbps: 800 })).toEqual([
      "adequate",
      "adequate",
      "adequate",
      "limited",
    ]);
    // The ladder at its floor.
    expect(all({ fps: 15, width: 400, height: 300, kbps: 150 })).toEqual([
      "limited",
      "adequate",
      "adequate",
      "limited",
    ]);
    // Jensen 2018: what an off-the-shelf tool gave on 4G.
    expect(all({ fps: 4.6, width: 640, height: 480, kbps: 384 })).toEqual([
      "notAdequate",
      "notAdequate",
      "adequate",
      "notAdequate",
    ]);
  });

  test("what is not known is not held against the picture, and without one there is no hint", () => {
    expect(hintFor("colour", { ...PLENTY, kbps: null }, "unknown").adequacy).toBe("adequate");
    expect(hintFor("ef", { ...PLENTY, fps: null }, "adequate").adequacy).toBe("unknown");
    expect(hintFor("ef", { ...PLENTY, height: 0 }, "adequate").adequacy).toBe("unknown");
  });

  test("a figure that trembles at its bound does not make the word flicker", () => {
    let before: Adequacy = "unknown";
    const said = [20, 19, 20, 18, 21, 17, 18, 19, 20].map((fps) => {
      before = hintFor("ef", { ...PLENTY, fps }, before).adequacy;
      return before;
    });
    expect(said).toEqual([
      "adequate",
      "adequate",
      "adequate",
      "adequate",
      "adequate",
      "limited",
      "limited",
      "limited",
      "adequate",
    ]);
  });
});

const LINE: UplinkState = {
  targetKbps: 4_000,
  scalePercent: 100,
  frameRate: null,
  lostPercent: 0,
  queueMs: 5,
  roundTripMs: 40,
};
const RELAY: AtRelay = {
  state: "live",
  fps: 30,
  kbps: 2_000,
  source: { health: "running", fps: 30, uplink: LINE },
};
const PAGE: AtPage = { level: "good", fps: 30, kbps: 1_950, lossPercent: 0 };

const weakUplink = (line: Partial<UplinkState>): AtRelay => ({
  ...RELAY,
  source: { health: "running", fps: 30, uplink: { ...LINE, ...line } },
});

describe("whose line is weak", () => {
  test("a line has its word at its bounds", () => {
    expect(lineLevel(LINE)).toBe("good");
    for (const weak of [{ lostPercent: 2 }, { queueMs: 150 }, { scalePercent: 75 }, { roundTripMs: 400 }])
      expect(lineLevel({ ...LINE, ...weak })).toBe("weak");
    for (const poor of [{ lostPercent: 10 }, { queueMs: 400 }, { scalePercent: 50 }, { frameRate: 20 }])
      expect(lineLevel({ ...LINE, ...poor })).toBe("poor");
    expect(lineLevel({ ...LINE, lostPercent: 1, queueMs: 149, roundTripMs: null })).toBe("good");
  });

  test("nothing is weak while all is well, and before anything is known", () => {
    expect(causeOf(RELAY, PAGE)).toBe("nothing");
    expect(causeOf(null, { level: "none", fps: null, kbps: null, lossPercent: null })).toBe("nothing");
  });

  test("the bedside's line by its own figures, or by what does not come to the relay", () => {
    expect(causeOf(weakUplink({ scalePercent: 50 }), PAGE)).toBe("uplink");
    expect(causeOf({ ...RELAY, fps: 20 }, { ...PAGE, fps: 20 })).toBe("uplink");
    expect(causeOf({ ...RELAY, state: "stalled" }, { ...PAGE, level: "stopped", fps: null })).toBe("uplink");
  });

  test("the own line by its loss, its frames, its smaller picture, or a delay that nothing else explains", () => {
    expect(causeOf(RELAY, { ...PAGE, lossPercent: 2 })).toBe("own");
    expect(causeOf(RELAY, { ...PAGE, level: "choppy", fps: 12 })).toBe("own");
    expect(causeOf(RELAY, { ...PAGE, kbps: 350 })).toBe("own");
    expect(causeOf(RELAY, { ...PAGE, level: "late" })).toBe("own");
  });

  test("both lines, and a source that gives little", () => {
    expect(causeOf(weakUplink({ lostPercent: 4 }), { ...PAGE, lossPercent: 5 })).toBe("both");
    const slow: AtRelay = { ...RELAY, fps: 8, source: { health: "running", fps: 8 } };
    expect(causeOf(slow, { ...PAGE, fps: 8 })).toBe("source");
    expect(causeOf(slow, { ...PAGE, fps: 8, lossPercent: 5 }), "a slow source hides no weak line").toBe(
      "own",
    );
    expect(causeOf({ ...RELAY, source: { health: "failed", fps: 0 } }, PAGE)).toBe("source");
  });

  test("a device that is off, or whose line is gone, is neither", () => {
    expect(causeOf({ ...RELAY, state: "stopped", fps: 0, kbps: 0 }, { ...PAGE, level: "stopped" })).toBe(
      "absent",
    );
  });

  test("a publisher that says nothing of itself, and a page that lies behind another one", () => {
    const foreign: AtRelay = { state: "live", fps: 30, kbps: 2_000, source: null };
    expect(causeOf(foreign, PAGE)).toBe("nothing");
    expect(causeOf(foreign, { ...PAGE, level: "choppy", fps: 10 })).toBe("own");
    expect(causeOf(RELAY, { ...PAGE, level: "hidden", fps: 0 })).toBe("nothing");
  });
});

describe("pauses", () => {
  const counted = (times: readonly number[], sourceFps: number | null) => {
    const pauses = new Pauses();
    for (const at of times) pauses.painted(at, sourceFps);
    return pauses.take();
  };

  test("a gap over 300 ms is one, a gap of just that is none", () => {
    expect(counted([0, 33, 333, 366], 30)).toEqual({ pauses: 0, pausedMs: 0 });
    expect(counted([0, 33, 334, 700], 30)).toEqual({ pauses: 2, pausedMs: 667 });
  });

  test("a slow source makes none", () => {
    expect(counted([0, 500, 1_000], 2)).toEqual({ pauses: 0, pausedMs: 0 });
    expect(counted([0, 500, 2_100], 2)).toEqual({ pauses: 1, pausedMs: 1_600 });
  });

  test("they are told once, and a page that lay behind another one had none", () => {
    const pauses = new Pauses();
    pauses.painted(0, 30);
    pauses.painted(600, 30);
    expect(pauses.take()).toEqual({ pauses: 1, pausedMs: 600 });
    expect(pauses.take()).toEqual({ pauses: 0, pausedMs: 0 });
    pauses.interrupted();
    pauses.painted(60_000, 30);
    expect(pauses.take()).toEqual({ pauses: 0, pausedMs: 0 });
  });
});
