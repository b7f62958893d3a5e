import { signal } from "@preact/signals";
import { afterAll, expect, test, vi } from "vitest";
import type { Draft } from "../marks/measure-task";
import { exactPoint } from "../stage/points";
import type { Anchor } from "../wire/mark";
import type { MarkState } from "../wire/socket";
import type { Consult } from "./consult";
import type { DrawingHand } from "./hand";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { Measuring } = await import("./measuring");
const { composeScene } = await import("./scene");

const ANCHOR = { type: "live", stream: "s", rtpTime: 7 } as unknown as Anchor;
const ENDS = [exactPoint(0.25, 0.5), exactPoint(0.5, 0.5)];
const MEASURED = {
  mark: {
    id: "m",
    anchor: ANCHOR,
    shape: { type: "measure", what: { type: "caliper" }, points: ENDS, by: { type: "pixels" } },
    pen: "green",
    drawnOn: "freeze",
  },
  author: { type: "relay" },
  at: 1,
  pinned: false,
  gauge: { width: 800, height: 600, scale: { type: "pixels" } },
} as unknown as MarkState;

test("where measuring is switched off forms stay over the picture and no value stands beside them", async () => {
  const settings = signal({ measuring: true });
  const original = { state: "kept", original: { width: 800, height: 600 }, facts: {} };
  const consult = {
    settings,
    people: signal([]),
    sketches: signal(new Map()),
    pointers: signal(new Map()),
    replica: signal({ state: { freeze: { anchor: ANCHOR, original }, scales: [], marks: [] } }),
  } as unknown as Consult;
  const measuring = new Measuring({
    consult,
    stage: () => null,
    ground: () => null,
    pen: () => "green",
    explain: () => undefined,
    explainFull: () => undefined,
  });
  measuring.load();
  await vi.waitFor(() => expect(measuring.rules.peek()).not.toBeNull());
  measuring.draft.value = { on: "frame" as Draft["on"], points: ENDS, active: 1, replaces: null };
  const hand = {
    drawing: signal(null),
    cursor: signal(null),
    selected: signal(null),
    pen: signal("green"),
    host: { measuring },
  } as unknown as DrawingHand;
  const scene = () => composeScene(consult, hand, [MEASURED], ANCHOR, "");

  expect([...scene().values.values()]).toEqual(["200 px 未校正"]);
  expect(scene().measuring?.words).toBe("200 px 未校正");
  settings.value = { measuring: false };
  expect([...scene().values]).toEqual([]);
  expect(scene()).toMatchObject({ marks: [MEASURED], measuring: { points: ENDS, words: null } });
});
