// The check before a visit: begins one and follows it.
//
// Framework-free. Owns the last check as the agent tells it. Called by the page's part. Invariant: it asks only while one is being
// made, and one that the agent lost (it was started again) does not run for ever here.

import { signal } from "@preact/signals";
import type { CheckLevel, CheckSays, DeviceCheck } from "../wire/check";
import { ask } from "./agent";

/** Between looks while one is made. */
const LOOK_MS = 300;
/** A check takes at most twenty seconds (issue 4). */
const LONGEST_MS = 25_000;

export class Checks {
  readonly last = signal<DeviceCheck | null>(null);
  /** The agent did not answer. */
  readonly failed = signal(false);
  #following = false;

  /** The one of before this page was opened, or the one that somebody else's page began. */
  async look(): Promise<void> {
    await this.#follow(false);
  }

  async begin(): Promise<void> {
    await this.#follow(true);
  }

  async #follow(begins: boolean): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    this.failed.value = false;
    try {
      if (begins) await ask("POST", "check");
      const end = performance.now() + LONGEST_MS;
      for (;;) {
        const check = (await (await ask("GET", "check")).json()) as DeviceCheck;
        this.last.value = check;
        if (!check.running || performance.now() > end) break;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } catch {
      // Whoever only looked was promised nothing.
      this.failed.value = begins;
    } finally {
      this.#following = false;
    }
  }
}

/** The worst of what was found. */
export function verdict(check: DeviceCheck): CheckLevel {
  const levels = check.findings.map(({ level }) => level);
  if (levels.includes("bad")) return "bad";
  return levels.includes("attention") ? "attention" : "good";
}

/** The word for what was seen: one that is put together stands in two. */
export function wordOf(
  says: CheckSays,
): Exclude<CheckSays["type"], "offBy"> | "codesNow" | "ahead" | "behind" {
  if (says.type === "codes" && says.ms === undefined) return "codesNow";
  if (says.type === "offBy") return says.ahead ? "ahead" : "behind";
  return says.type;
}
