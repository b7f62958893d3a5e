import { signal } from "@preact/signals";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Answer } from "../measure/answer";
import { stagePoint } from "../stage/points";
import type { Stage } from "../stage/stage";
import { type Box, onPicture, toPicture, toStage, WHOLE } from "../stage/view";
import type { ClipId } from "../wire/ids";
import { ClipMeasuring, MAX_MEASURED } from "./measuring";
import type { FrameOnGlass } from "./player";

const BOX: Box = { x: 0, y: 0, width: 400, height: 300 };
const STAGE = {
  covers: (at: Parameters<Stage["covers"]>[0]) => onPicture(at, BOX, WHOLE),
  under: (at: Parameters<Stage["under"]>[0]) => toPicture(at, BOX, WHOLE),
  place: (at: Parameters<Stage["place"]>[0]) => toStage(at, BOX, WHOLE),
  reveal: () => undefined,
} as unknown as Stage;
const REGION = {
  bounds: { minX: 0, minY: 0, maxX: 399, maxY: 299 },
  spatialFormat: "twoD",
  dataType: 1,
  flags: 0,
  unitsX: "centimetre",
  unitsY: "centimetre",
  deltaX: 0.05,
  deltaY: 0.05,
};
const frame = (index: number, regions: readonly (typeof REGION)[]): FrameOnGlass =>
  ({ width: 400, height: 300, index, regions, rtpTime: null, handScale: false }) as never;

function firstOf(answer: Answer): string {
  if (answer.type === "refused") return answer.refusal;
  const [first] = answer.figures;
  return `${answer.type} ${first?.value.toFixed(2)} ${first?.unit}`;
}

let player: ReturnType<typeof standing>;
let said: string[];
let measuring: ClipMeasuring;

function standing(index: number, regions: readonly (typeof REGION)[]) {
  return {
    frame: signal<FrameOnGlass | null>(frame(index, regions)),
    playing: signal(false),
    isOn: signal(true),
    pause: vi.fn(),
    place: { clip: "clip" as ClipId },
  };
}

function over(on: ReturnType<typeof standing>): void {
  player = on;
  said = [];
  measuring = new ClipMeasuring(player, {
    stage: () => STAGE,
    explain: () => said.push("standing"),
    explainFull: () => said.push("full"),
    words: (answer) => (answer === null ? null : firstOf(answer)),
    isOn: () => on.isOn.value,
  });
  measuring.toggle();
}

beforeEach(() => over(standing(4, [REGION])));

function tap(x: number, y: number): void {
  measuring.hand.press(stagePoint(x, y));
  measuring.hand.lift(stagePoint(x, y));
}

function caliper(): void {
  tap(100, 100);
  tap(200, 100);
  measuring.hand.place();
}

describe("measuring on a recording", () => {
  test("stops it and measures with the regions of the clip", async () => {
    expect(player.pause).toHaveBeenCalledOnce();
    caliper();
    const [one] = measuring.measured.value;
    expect(one).toMatchObject({ index: 4, what: { type: "caliper" }, gauge: { frame: 4, width: 400 } });
    await vi.waitFor(() => expect(measuring.scene.value.measured[0]?.words).toBe("figures 5.00 cm"));
  });

  test("without regions there are pixels and no unit", async () => {
    over(standing(0, []));
    caliper();
    await vi.waitFor(() => expect(measuring.scene.value.measured[0]?.words).toBe("uncalibrated 100.00 px"));
  });

  test("stays on its frame and is not shown over another one", () => {
    caliper();
    tap(20, 20);
    player.frame.value = frame(5, [REGION]);
    expect(measuring.hand.draft.value).toBeNull();
    expect(measuring.scene.value).toEqual({ measuring: null, measured: [] });
    player.frame.value = frame(4, [REGION]);
    expect(measuring.scene.value.measured).toHaveLength(1);
  });

  test("is refused in words while it plays", () => {
    player.playing.value = true;
    tap(100, 100);
    expect(measuring.hand.draft.value).toBeNull();
    expect(said).toEqual(["standing"]);
  });

  test("leaves forms without values where measuring is switched off, and takes no further point", async () => {
    caliper();
    tap(20, 20);
    tap(120, 20);
    await vi.waitFor(() => expect(measuring.scene.value.measuring?.words).toBe("figures 5.00 cm"));
    player.isOn.value = false;
    expect(measuring.inHand.value).toBe(false);
    expect(measuring.scene.value).toMatchObject({ measuring: null, measured: [{ words: null }] });
    player.isOn.value = true;
    expect(measuring.scene.value.measured[0]?.words).toBe("figures 5.00 cm");
  });

  test("is taken away again, and only so many are kept", () => {
    for (let i = 0; i < MAX_MEASURED + 3; i += 1) caliper();
    expect(measuring.measured.value).toHaveLength(MAX_MEASURED);
    const newest = measuring.measured.value[0]?.number ?? 0;
    expect(newest).toBe(MAX_MEASURED + 3);
    measuring.remove(newest);
    expect(measuring.measured.value[0]?.number).toBe(newest - 1);
  });
});
