// The consult's marks as the device page holds them, and which of them are over the picture now.
//
// Owns asking the agent for them, one answer after the other, and whether the person wants to see them. When a mark is seen
// is `marks/visible.ts`, the same as on the pages of the consult. While nobody looks at the page nothing is asked.

import { signal } from "@preact/signals";
import { visibleMarks } from "../marks/visible";
import { RTP_CLOCK_HZ } from "../wire/constants";
import type { DeviceMarks, DeviceState } from "../wire/device";
import type { MarkState } from "../wire/socket";
import type { RtpTime } from "../wire/units";
import { ask } from "./agent";
import type { FigureOf } from "./mark-figures";

/** Between looks whether there is anybody to ask, and after a failure. */
const BREATH_MS = 500;
const STORAGE_KEY = "hibiki.hideMarks";

export class Marks {
  readonly held = signal<DeviceMarks | null>(null);
  /** Whether the person wants to see them; on until they say no. */
  readonly wanted = signal<boolean>(!isHidden());
  /** Says the figures of measuring marks; it comes with the first one. */
  readonly figureOf = signal<FigureOf | null>(null);

  want(wanted: boolean): void {
    this.wanted.value = wanted;
    try {
      localStorage.setItem(STORAGE_KEY, wanted ? "" : "yes");
    } catch {
      // Storage may be forbidden; the choice then holds for this page.
    }
  }

  /** Asks as long as there is a consult to hear of. */
  async run(state: () => DeviceState | null): Promise<never> {
    for (;;) {
      const now = state();
      if (document.hidden || now === null || now.link.type === "off" || !(await this.#next()))
        await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
    }
  }

  /** The agent answers at once when there is news, else within a second. */
  async #next(): Promise<boolean> {
    const known = this.held.peek();
    try {
      const response = await ask("GET", known === null ? "marks" : `marks?after=${known.revision}`);
      if (response.status === 200) this.held.value = (await response.json()) as DeviceMarks;
    } catch {
      return false;
    }
    if (this.held.peek()?.marks.some(isMeasured)) await this.#learnFigures();
    return true;
  }

  async #learnFigures(): Promise<void> {
    if (this.figureOf.peek() !== null) return;
    // Without the rules a measurement is shown as its form alone.
    const rules = await import("./mark-figures").catch(() => null);
    if (rules !== null) this.figureOf.value = rules.figureOf;
  }
}

const isMeasured = ({ mark }: MarkState) => mark.shape.type === "measure";

/** The marks over the picture now. `painted` is the frame that is really on the glass. */
export function over(
  { marks, stream, quickMarkSeconds }: DeviceMarks,
  { frozen, relayNow }: DeviceState,
  painted: RtpTime | null,
): MarkState[] {
  if (stream === null) return [];
  if (frozen === null) return visibleMarks(marks, { over: "running", now: relayNow, quickMarkSeconds });
  const { rtpTime } = frozen;
  if (painted !== rtpTime) return [];
  return visibleMarks(marks, { over: "freeze", anchor: { type: "live", stream, rtpTime } });
}

/** The newest mark that stands on a frame which this device can still show, while the picture runs. */
export function onStillFrame(
  { marks, stream }: DeviceMarks,
  { newest, frozen, ring }: DeviceState,
): MarkState | null {
  if (newest === null || frozen !== null) return null;
  const held = ring.seconds * RTP_CLOCK_HZ;
  const isThere = ({ mark: { anchor, drawnOn } }: MarkState) =>
    drawnOn === "freeze" && anchor.stream === stream && (newest.rtpTime - anchor.rtpTime) >>> 0 < held;
  return marks.findLast(isThere) ?? null;
}

function isHidden(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) === "yes";
  } catch {
    return false;
  }
}
