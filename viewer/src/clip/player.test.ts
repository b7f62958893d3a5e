import { signal } from "@preact/signals";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { clipTable, even } from "../../test/clip-tables";
import type { ClipId, ConsultId, SessionId } from "../wire/ids";
import { ClipPlayer } from "./player";
import { FrameTable } from "./table";

const PLACE = { consult: "c" as ConsultId, session: "s" as SessionId, clip: "k" as ClipId };

beforeAll(() => {
  vi.stubGlobal("document", { createElement: () => ({ width: 0, height: 0, dataset: {} }) });
  // The relay says nothing yet.
  vi.stubGlobal("fetch", () => new Promise(() => undefined));
});
afterAll(() => vi.unstubAllGlobals());

test.each([true, false])(
  "the frame on the glass says whether a person marked its scale (%s)",
  (handScale) => {
    const player = new ClipPlayer(PLACE, signal([]), false);
    expect(player.frame.value).toBeNull();
    player.table.value = FrameTable.read({ ...clipTable(even(5)), handScale });
    player.shown.value = 3;
    player.size.value = { width: 800, height: 600 };
    expect(player.frame.value).toMatchObject({ index: 3, width: 800, handScale });
    player.close();
  },
);

test("it goes to a moment once its table is here, and is late until that frame is on the glass", () => {
  const player = new ClipPlayer(PLACE, signal([]), false);
  player.goTo(90_000);
  expect(player.glassUs.value).toBeNull();
  player.table.value = FrameTable.read(clipTable(even(5)));
  player.shown.value = 2;
  expect(player.glassUs.value).toBe(player.table.value?.atUs(2));
  player.target.value = 3;
  expect(player.isLate).toBe(true);
  const whole = clipTable(even(5));
  const frames = whole.frames.map((frame, index) => ({ ...frame, here: index < 3 }));
  const wholeTable = player.table.value;
  player.table.value = FrameTable.read({ ...whole, frames });
  expect(player.isLate, "what has not arrived is not waited for").toBe(false);
  player.table.value = wholeTable;
  player.trouble.value = "unreachable";
  expect(player.isLate, "what cannot be had is not waited for").toBe(false);
  player.close();
});
