import { type Signal, signal } from "@preact/signals";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { stagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";
import { type Box, onPicture, toPicture, toStage, WHOLE } from "../stage/view";
import { MAX_MEASURE_POINTS } from "../wire/constants";
import type { Anchor, Annotation } from "../wire/mark";
import type { FreezeState, MarkState } from "../wire/socket";
import type { Consult } from "./consult";
import { frameName, Measuring } from "./measuring";
import { scaleOf } from "./scale-of";

const ANCHOR: Anchor = { type: "live", stream: "s" as never, rtpTime: 7 as never };
const REGION = { spatialFormat: "twoD", flags: 0, unitsX: "centimetre", unitsY: "centimetre" } as const;
const freeze = (regions: readonly (typeof REGION)[], width = 800): FreezeState =>
  ({
    freeze: "f",
    anchor: ANCHOR,
    original: { state: "kept", original: { width, height: 600 }, facts: { index: 41, regions } },
  }) as never;
const scale = (id: string, stream = "s", since?: number) =>
  ({ scale: { id, stream, width: 800, height: 600, since }, author: { type: "relay" }, at: 1 }) as never;

/** A stage on which the picture of 800 x 600 is shown at its own size. */
const BOX: Box = { x: 0, y: 0, width: 800, height: 600 };
const STAGE = {
  covers: (at: Parameters<Stage["covers"]>[0]) => onPicture(at, BOX, WHOLE),
  under: (at: Parameters<Stage["under"]>[0]) => toPicture(at, BOX, WHOLE),
  place: (at: Parameters<Stage["place"]>[0]) => toStage(at, BOX, WHOLE),
  reveal: () => undefined,
} as unknown as Stage;

let sent: Annotation[];
let said: string[];
let hand: Measuring;
let settings: Signal<{ measuring: boolean }>;
let told: Parameters<Consult["calibrate"]>[0][];
let isTaken: boolean;
let state: { freeze: FreezeState | null; scales: [] };

beforeEach(() => {
  sent = [];
  said = [];
  told = [];
  isTaken = true;
  settings = signal({ measuring: true });
  state = { freeze: freeze([REGION]), scales: [] };
  const consult = {
    replica: { value: { state }, peek: () => ({ state }) },
    settings,
    mark: (mark: Annotation) => sent.push(mark),
    calibrate: (scale: Parameters<Consult["calibrate"]>[0]) => {
      told.push(scale);
      return isTaken;
    },
  } as unknown as Consult;
  hand = new Measuring({
    consult,
    stage: () => STAGE,
    ground: () => ({ anchor: ANCHOR, drawnOn: "freeze" }),
    pen: () => "green",
    explain: () => said.push("why"),
    explainFull: () => said.push("full"),
  });
});

function tap(x: number, y: number): void {
  hand.press(stagePoint(x, y));
  hand.lift(stagePoint(x, y));
}

const pixels = () => hand.draft.peek()?.points.map(({ x, y }) => [x * 800, y * 600].map(Math.round));

describe("a caliper", () => {
  test("is tap, tap, nudge, confirm", () => {
    tap(100, 100);
    expect(hand.isComplete()).toBe(false);
    tap(300, 200);
    for (let i = 0; i < 7; i += 1) hand.nudge(1, 0);
    hand.nudge(0, -1);
    expect(pixels()).toEqual([
      [100, 100],
      [307, 199],
    ]);
    expect(hand.place()).toBe(true);
    expect(sent[0]).toMatchObject({
      anchor: ANCHOR,
      drawnOn: "freeze",
      shape: { type: "measure", what: { type: "caliper" }, by: { type: "regions" } },
    });
    expect(hand.draft.peek()).toBeNull();
  });

  test("is one drag as well, and its ends can be dragged", () => {
    hand.press(stagePoint(100, 100));
    hand.drag([stagePoint(150, 150), stagePoint(300, 200)]);
    hand.lift(stagePoint(300, 200));
    hand.press(stagePoint(310, 205));
    hand.drag([stagePoint(340, 260)]);
    hand.lift(stagePoint(340, 260));
    expect(pixels()).toEqual([
      [100, 100],
      [340, 260],
    ]);
  });

  test("does not begin anew when a third place is tapped", () => {
    for (const x of [100, 300, 500]) tap(x, 100);
    expect([pixels()?.length, said]).toEqual([2, ["full"]]);
  });

  test("may be shorter than a finger is wide", () => {
    tap(100, 100);
    tap(112, 100);
    expect(pixels()).toEqual([
      [100, 100],
      [112, 100],
    ]);
  });

  test("that is adjusted replaces the one before", () => {
    tap(100, 100);
    tap(300, 200);
    hand.place();
    const [first] = sent;
    if (first === undefined) throw new Error("nothing was sent");
    hand.adjust({ mark: first, author: { type: "relay" }, at: 1 as never, pinned: false });
    hand.nudge(1, 0);
    hand.place();
    expect(sent[1]?.replaces).toBe(first.id);
  });

  test("goes when everybody moves on to another frame, and stays on its own", () => {
    tap(100, 100);
    hand.standsOn(frameName({ ...ANCHOR }));
    expect(hand.draft.peek()).not.toBeNull();
    hand.standsOn(frameName({ ...ANCHOR, rtpTime: 8 as never }));
    expect(hand.draft.peek()).toBeNull();
  });

  test("that became a pinch leaves nothing", () => {
    hand.press(stagePoint(100, 100));
    hand.cancelPress();
    expect(hand.draft.peek()).toBeNull();
  });
});

describe("an outline", () => {
  test("is drawn, then goes on with taps, and goes back point by point", () => {
    hand.choose({ type: "measure", what: { type: "area" } });
    hand.press(stagePoint(100, 100));
    hand.drag(Array.from({ length: 100 }, (_, i) => stagePoint(100 + i, 100)));
    hand.lift(stagePoint(199, 100));
    expect(pixels()).toEqual([
      [100, 100],
      [199, 100],
    ]);
    tap(150, 200);
    expect(hand.isComplete()).toBe(true);
    hand.back();
    expect(hand.isComplete()).toBe(false);
  });

  test("that goes on for ever still fits into a message", () => {
    hand.choose({ type: "measure", what: { type: "area" } });
    hand.press(stagePoint(400, 300));
    for (let i = 0; i < 20_000; i += 1) {
      const turn = i * 2.4;
      hand.drag([stagePoint(400 + 250 * Math.cos(turn), 300 + 250 * Math.sin(turn * 1.01))]);
    }
    hand.lift(stagePoint(400, 300));
    expect(hand.draft.peek()?.points.length).toBeLessThanOrEqual(MAX_MEASURE_POINTS);
    hand.place();
    expect(JSON.stringify(sent[0]).length).toBeLessThan(48 * 1024);
  });
});

describe("the scale of a frozen picture", () => {
  test("is the file's, else one marked in a picture of this size and stream, else none", () => {
    const by = (...args: Parameters<typeof scaleOf>) => scaleOf(...args)?.by;
    expect(by(freeze([REGION]), [scale("a")])).toEqual({ type: "regions" });
    expect(by(freeze([]), [scale("other", "t"), scale("a")])).toEqual({ type: "depth", scale: "a" });
    expect(by(freeze([], 640), [scale("a")])).toEqual({ type: "pixels" });
    expect(by(freeze([]), [])).toEqual({ type: "pixels" });
  });

  test("is of one patient, and so is what is measured with it before the relay has it", () => {
    const of = (patient: number | undefined) => {
      const held = freeze([]);
      const original = held.original as { facts: object };
      return {
        ...held,
        original: { ...original, facts: { ...original.facts, patient } },
      } as unknown as FreezeState;
    };
    const marked = { ...(scale("a") as { scale: object }) };
    const by = (patient: number) => ({ ...marked, scale: { ...marked.scale, patient } }) as never;
    expect(scaleOf(of(1), [by(1)])).toMatchObject({ by: { type: "depth" }, gauge: { patient: 1 } });
    expect(scaleOf(of(2), [by(1)])).toMatchObject({ by: { type: "pixels" }, gauge: { patient: 2 } });
    expect(scaleOf(of(undefined), [scale("a")])?.gauge).not.toHaveProperty("patient");
  });

  test("does not reach back before the frame it was marked on when it followed another one", () => {
    const at = (rtpTime: number) =>
      ({ ...freeze([]), anchor: { stream: "s", rtpTime } }) as unknown as FreezeState;
    const since = (rtpTime: number) => [scale("b", "s", rtpTime)];
    expect(scaleOf(at(7), since(7))).toMatchObject({ by: { type: "depth" }, isBefore: false });
    expect(scaleOf(at(6), since(7))).toMatchObject({ by: { type: "pixels" }, isBefore: true });
    // RTP time came round between them.
    expect(scaleOf(at(0xffff_fff0), since(7))).toMatchObject({ isBefore: true });
    expect(scaleOf(at(7), since(0xffff_fff0))).toMatchObject({ isBefore: false });
    expect(scaleOf(at(6), [scale("b")])?.by).toEqual({ type: "depth", scale: "b" });
  });

  test("is not known without the original", () => {
    expect(scaleOf(null, [])).toBeNull();
    const awaited = { ...freeze([]), original: { state: "awaited" } } as FreezeState;
    expect(scaleOf(awaited, [])).toBeNull();
  });
});

describe("an installation that does not measure", () => {
  const gauge = { width: 800, height: 600, scale: { type: "pixels" } } as const;

  async function measured(): Promise<MarkState> {
    tap(100, 100);
    tap(300, 100);
    hand.place();
    const [mark] = sent;
    if (mark === undefined) throw new Error("nothing was sent");
    await vi.waitFor(() => expect(hand.rules.value).not.toBeNull());
    return { mark, author: { type: "relay" }, at: 1 as never, pinned: false, gauge };
  }

  test("has no value for a mark that was made before, and has it again where it measures", async () => {
    hand.load();
    const held = await measured();
    expect(hand.answerOf(held)).toMatchObject({ type: "uncalibrated", figures: [{ value: 200 }] });
    settings.value = { measuring: false };
    expect([hand.isOn, hand.gaugeOf(held), hand.answerOf(held)]).toEqual([false, null, null]);
    settings.value = { measuring: true };
    expect(hand.answerOf(held)).not.toBeNull();
  });
});

describe("calibrating by the depth scale of the picture", () => {
  const choose = () => hand.choose({ type: "calibrate" });

  test("is one drag along it: both ends go to everybody with the centimetres, on the frame that is frozen", () => {
    choose();
    hand.press(stagePoint(720, 100));
    hand.drag([stagePoint(720, 140), stagePoint(721, 300)]);
    hand.drag([stagePoint(720, 500)]);
    hand.lift(stagePoint(720, 500));
    expect(pixels()).toEqual([
      [720, 100],
      [720, 500],
    ]);
    hand.calibrate(12.5);
    expect(told).toEqual([
      {
        scale: expect.stringMatching(/^[0-9a-f-]{36}$/),
        freeze: "f",
        from: { x: 0.9, y: expect.closeTo(1 / 6, 3) },
        to: { x: 0.9, y: expect.closeTo(5 / 6, 3) },
        centimetres: 12.5,
      },
    ]);
    expect([hand.task.value, hand.draft.value]).toEqual([
      { type: "measure", what: { type: "caliper" } },
      null,
    ]);
    expect(sent, "a scale is no mark").toEqual([]);
  });

  test("takes an end in hand again, and has room for two only", () => {
    choose();
    hand.press(stagePoint(720, 100));
    hand.drag([stagePoint(720, 400)]);
    hand.lift(stagePoint(720, 400));
    hand.press(stagePoint(722, 405));
    hand.drag([stagePoint(722, 505)]);
    hand.lift(stagePoint(722, 505));
    hand.nudge(-2, -5);
    tap(400, 100);
    expect([pixels(), said]).toEqual([
      [
        [720, 100],
        [720, 500],
      ],
      ["full"],
    ]);
  });

  test("says nothing with one end, and keeps both ends when it could not be sent", () => {
    choose();
    tap(720, 100);
    hand.calibrate(10);
    expect(told).toEqual([]);
    tap(720, 500);
    isTaken = false;
    hand.calibrate(10);
    expect([told.length, hand.task.value.type, pixels()?.length]).toEqual([1, "calibrate", 2]);
  });

  test("needs a frozen original", () => {
    state.freeze = null;
    choose();
    tap(720, 100);
    tap(720, 500);
    hand.calibrate(10);
    expect(told).toEqual([]);
  });
});
