// What the page knows of the agent and what it asks for.
//
// Owns the agent's state, looked at a few times a second, and every act of the person. Components read signals and call acts.
// A failed act leaves one fault to be shown; the next act that works takes it away.

import { signal } from "@preact/signals";
import { DEFAULT_CLIP_SECONDS } from "../wire/constants";
import type {
  DeviceMaskRequest,
  DeviceSaveRequest,
  DeviceScaleRequest,
  DeviceSendRequest,
  DeviceSourceChoice,
  DeviceSources,
  DeviceState,
  MaskRectangle,
} from "../wire/device";
import type { ClipId } from "../wire/ids";
import type { RtpTime } from "../wire/units";
import { ask, enter, Fault, type FaultCode, type Method, putFile } from "./agent";
import { Checks } from "./check";
import { Puts } from "./files";
import { Marks } from "./marks";
import { Visits } from "./visit";

/** Between looks at the state. */
const LOOK_MS = 400;

export type Access = "asking" | "open" | "locked" | "away";

export class Desk {
  readonly access = signal<Access>("asking");
  readonly state = signal<DeviceState | null>(null);
  readonly fault = signal<FaultCode | null>(null);
  readonly seconds = signal<number>(DEFAULT_CLIP_SECONDS);
  readonly sources = signal<readonly DeviceSourceChoice[]>([]);
  readonly marks = new Marks();
  readonly checks = new Checks();
  readonly visits = new Visits();
  readonly puts = new Puts(putFile, () => void this.look());
  /** The frame that the preview shows; a freeze means this one. */
  readonly shown = signal<RtpTime | null>(null);
  /** A freeze is on its way: what is shown stays, because that is what was meant. */
  readonly holding = signal<boolean>(false);
  private masking: Promise<unknown> = Promise.resolve();
  private looks = 0;
  private newestLook = 0;

  async run(): Promise<never> {
    // A wrong key is told by the first look.
    await enter().catch(() => {});
    // A new address opened in this tab changes only the fragment.
    addEventListener("hashchange", () => void enter().catch(() => {}));
    void this.marks.run(() => (this.access.peek() === "open" ? this.state.peek() : null));
    for (;;) {
      await this.look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** An answer that comes after that to a later look is old news. */
  private async look(): Promise<void> {
    this.looks += 1;
    const mine = this.looks;
    const isNews = () => {
      const news = mine > this.newestLook;
      if (news) this.newestLook = mine;
      return news;
    };
    try {
      const state = (await (await ask("GET", "state")).json()) as DeviceState;
      if (!isNews()) return;
      this.state.value = state;
      this.access.value = "open";
    } catch (fault) {
      if (!isNews()) return;
      const locked = fault instanceof Fault && (fault.code === "locked" || fault.code === "foreign");
      this.access.value = locked ? "locked" : "away";
    }
  }

  private async act(method: Method, path: string, body?: object): Promise<boolean> {
    try {
      await ask(method, path, body);
      this.fault.value = null;
    } catch (fault) {
      this.fault.value = fault instanceof Fault ? fault.code : "internal";
      return false;
    }
    await this.look();
    return true;
  }

  async freezeOrRelease(): Promise<void> {
    if (this.state.value?.frozen) {
      await this.act("DELETE", "freeze");
    } else if (this.shown.value !== null) {
      await this.freezeOn(this.shown.value);
    }
  }

  /** Stands on exactly this frame, as long as the device holds it. */
  async freezeOn(rtpTime: RtpTime): Promise<void> {
    this.holding.value = true;
    await this.act("POST", "freeze", { rtpTime });
    this.holding.value = false;
  }

  async save(): Promise<void> {
    if (!this.state.value?.clips) return;
    const wish: DeviceSaveRequest = this.state.value.frozen
      ? { type: "frozen" }
      : { type: "last", seconds: this.seconds.value };
    await this.act("POST", "saves", wish);
  }

  /** A person looked at a waiting clip: it belongs to the consult of this agent. */
  async send(clip: ClipId): Promise<void> {
    const wish: DeviceSendRequest = { clip };
    await this.act("POST", "waiting", wish);
  }

  /** Masks go out one after the other, so that the last one wins. Another mask has to be looked at anew. */
  cover(rectangles: readonly MaskRectangle[], checked = false): Promise<unknown> {
    const wish: DeviceMaskRequest = { rectangles: [...rectangles], checked };
    this.masking = this.masking.then(() => this.act("PUT", "mask", wish));
    return this.masking;
  }

  /** False when the agent does not take it; the fault says why. */
  calibrate(wish: DeviceScaleRequest): Promise<boolean> {
    return this.act("PUT", "scale", wish);
  }

  async withdrawScale(): Promise<void> {
    await this.act("DELETE", "scale");
  }

  async label(view: string | null): Promise<void> {
    await this.act("PUT", "view", { view });
  }

  async chooseSource(source: string | null): Promise<boolean> {
    return this.act("PUT", "source", { source });
  }

  async findSources(): Promise<void> {
    try {
      this.sources.value = ((await (await ask("GET", "sources")).json()) as DeviceSources).sources;
    } catch {
      // The list stays as it was; the page says already that the agent is away.
    }
  }
}
