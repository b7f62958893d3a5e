// Choosing the patient of the visit from the hospital's worklist: asks, shows one patient to confirm, and sets it.
//
// Framework-free. Owns the step that the person is at. Called by the page's part. Invariants: one question at a time; nothing is set
// that was not confirmed on its own; a list that is older than another one is never taken from.

import { signal } from "@preact/signals";
import type { DevicePatient, DeviceScheduled, DeviceVisitRequest, DeviceWorklist } from "../wire/visit";
import { ask, Fault, type FaultCode } from "./agent";

/** The agent gives a worklist 40 s for connection, handshake and answers, and says then what went wrong. */
const WORKLIST_TIMEOUT_MS = 45_000;

export type VisitStep =
  | { readonly type: "resting" }
  | { readonly type: "asking" }
  | { readonly type: "listed"; readonly list: DeviceWorklist }
  | { readonly type: "confirming"; readonly list: DeviceWorklist; readonly chosen: DeviceScheduled }
  | { readonly type: "setting"; readonly list: DeviceWorklist; readonly chosen: DeviceScheduled }
  | { readonly type: "set"; readonly patient: DevicePatient }
  | { readonly type: "failed"; readonly fault: FaultCode; readonly detail: string };

export class Visits {
  readonly step = signal<VisitStep>({ type: "resting" });
  /** Somebody asked since the page was opened: the keyboard follows. */
  begun = false;

  /** Asks the hospital anew, whatever was shown. */
  async ask(): Promise<void> {
    if (this.#isBusy()) return;
    this.begun = true;
    this.step.value = { type: "asking" };
    try {
      const answer = await ask("GET", "worklist", undefined, WORKLIST_TIMEOUT_MS);
      this.step.value = { type: "listed", list: (await answer.json()) as DeviceWorklist };
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** One of the list, to be looked at on its own. */
  choose(chosen: DeviceScheduled): void {
    const { value: step } = this.step;
    if (step.type === "listed") this.step.value = { ...step, type: "confirming", chosen };
  }

  /** It is this patient. */
  async confirm(): Promise<void> {
    const { value: step } = this.step;
    if (step.type !== "confirming") return;
    this.step.value = { ...step, type: "setting" };
    try {
      const wish: DeviceVisitRequest = { list: step.list.list, key: step.chosen.key };
      await ask("PUT", "visit", wish);
      this.step.value = { type: "set", patient: step.chosen.patient };
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** It is not; or nobody is to be chosen after all. */
  back(): void {
    const { value: step } = this.step;
    if (step.type === "setting" || step.type === "asking") return;
    this.step.value = step.type === "confirming" ? { type: "listed", list: step.list } : { type: "resting" };
  }

  #isBusy(): boolean {
    return ["asking", "setting"].includes(this.step.value.type);
  }

  #fail(fault: unknown): void {
    const { code, detail } = fault instanceof Fault ? fault : { code: "internal" as const, detail: "" };
    this.step.value = { type: "failed", fault: code, detail };
  }
}

/** As people say it: in ideographs if there are any, else in letters, else the number. */
export function nameOf({ nameIdeographic, name, id }: DevicePatient): string {
  const said = nameIdeographic ?? name;
  return said === null ? (id ?? "") : spoken(said);
}

/** How it is read, where that is not said already. */
export function readingOf({ nameIdeographic, namePhonetic, name }: DevicePatient): string {
  const reading = namePhonetic ?? (nameIdeographic === null ? null : name);
  return reading === null ? "" : spoken(reading);
}

/** Components of a name stand between carets (PS3.5 section 6.2.1). */
function spoken(name: string): string {
  return name.split("^").filter(Boolean).join(" ");
}

/** `1941-02-28` as a day of this calendar. */
export function dayOf(written: string): Date {
  const [year, month, day] = written.split("-").map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, day ?? 1);
}

/** `20261127` as `2026-11-27`, which nobody takes for another day in either language. */
export function writtenDay(day: string): string {
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`;
}
