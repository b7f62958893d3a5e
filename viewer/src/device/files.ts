// Files that a person puts on the page, one after the other into the agent's spool.
//
// Owns the list, what became of each, and their order. What is called saved is what the agent answered as saved. Called by
// `files-part`; how one is put and what follows is the desk's.

import { signal } from "@preact/signals";
import type { DeviceFile, DeviceFileStage } from "../wire/device";
import { Fault, type FaultCode } from "./agent";

/** Files that are put at once: a card of a day's scanning has some hundred. */
export const MAX_PUT = 500;

export type PutStage = "queued" | "sending" | "refused" | DeviceFileStage;

export type PutFile = {
  readonly number: number;
  readonly file: File;
  readonly stage: PutStage;
  /** Bytes of it that went. */
  readonly sent: number;
  /** Why it was refused. */
  readonly fault: FaultCode | null;
};

type Put = (file: File, told: (sent: number) => void) => Promise<DeviceFile>;

export class Puts {
  /** The newest first. */
  readonly files = signal<readonly PutFile[]>([]);
  /** More were put at once than are taken. */
  readonly tooMany = signal<boolean>(false);
  readonly #put: Put;
  readonly #after: () => void;
  #running: Promise<void> | null = null;
  #last = 0;

  constructor(put: Put, after: () => void) {
    this.#put = put;
    this.#after = after;
  }

  /** Adds files; those that wait are as many as may be, and what is over is told, never left out quietly. */
  add(files: readonly File[]): void {
    const open = this.files.peek().filter(({ stage }) => stage === "queued" || stage === "sending");
    const room = MAX_PUT - open.length;
    this.tooMany.value = files.length > room;
    const added = files.slice(0, room).map((file): PutFile => {
      this.#last += 1;
      return { number: this.#last, file, stage: "queued", sent: 0, fault: null };
    });
    // What is over goes off the list first.
    this.files.value = [...added.reverse(), ...this.files.peek()].filter(
      ({ stage }, index) => index < MAX_PUT || stage === "queued" || stage === "sending",
    );
    this.#run();
  }

  /** Tries a refused one again. */
  again(number: number): void {
    this.#set(number, { stage: "queued", sent: 0, fault: null });
    this.#run();
  }

  #run(): void {
    this.#running ??= this.#putAll().finally(() => {
      this.#running = null;
    });
  }

  async #putAll(): Promise<void> {
    for (;;) {
      const next = this.files.peek().findLast(({ stage }) => stage === "queued");
      if (next === undefined) return;
      const { number, file } = next;
      this.#set(number, { stage: "sending" });
      try {
        const { stage } = await this.#put(file, (sent) => this.#set(number, { sent }));
        this.#set(number, { stage, sent: file.size });
      } catch (fault) {
        this.#set(number, { stage: "refused", fault: fault instanceof Fault ? fault.code : "internal" });
      }
      this.#after();
    }
  }

  #set(number: number, change: Partial<PutFile>): void {
    this.files.value = this.files.peek().map((one) => (one.number === number ? { ...one, ...change } : one));
  }
}
