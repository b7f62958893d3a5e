// What this page made and the relay has not confirmed yet.
//
// A mark drawn while the link is down is kept, on disk too, and sent later with the same id; sending twice is harmless
// because the relay knows ids. Owns the order and what confirms what. Called by `live/consult.ts`.
// Invariants: nothing leaves the outbox without an entry of the log, a snapshot or an answer that names it; items of
// another person or consult are never sent, because the relay would make this session their author.

import { newId } from "../ids";
import type { AnnotationId, ClipId, ConsultId, PersonId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { ProblemCode } from "../wire/problem";
import type { ConsultState, ToRelay } from "../wire/socket";
import type { OutboxDisk } from "./outbox-disk";

export type OutMessage = Extract<ToRelay, { type: "mark" | "withdraw" | "pin" | "saveClip" }>;

export type OutItem = {
  /** Its name on disk; two tabs of one person share the disk. */
  readonly key: string;
  /** When it was made, by this device, in milliseconds; no two of one page are equal. */
  readonly order: number;
  /** Whose: only the same person in the same consult sends it. */
  readonly owner: string;
  readonly message: OutMessage;
};

/** More than a person draws through any gap; beyond it the oldest stay and new ones are refused aloud. */
export const MAX_OUTBOX_ITEMS = 500;

/** Refusals that pass: the item stays and is sent again. */
const PASSING: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "tooFast",
  "tooMany",
  "shuttingDown",
  "storageFailed",
  "tooSlow",
]);

export function ownerKey(person: PersonId, consult: ConsultId): string {
  return `${person}/${consult}`;
}

/** The mark or the clip that a message is about. */
function subjectOf(message: OutMessage): AnnotationId | ClipId {
  if (message.type === "saveClip") return message.clip;
  return message.type === "mark" ? message.mark.id : message.mark;
}

export class Outbox {
  /** In order of making. */
  #items: OutItem[] = [];
  #lastOrder = 0;

  constructor(
    readonly owner: string,
    readonly disk: OutboxDisk,
    readonly onChange: (items: readonly OutItem[]) => void,
  ) {}

  /** Brings back what an earlier page of the same person left; what was made meanwhile stays behind it. */
  async load(): Promise<void> {
    const kept = (await this.disk.all()).filter((item) => item.owner === this.owner);
    const known = new Set(this.#items.map((item) => item.key));
    const left = kept.filter((item) => !known.has(item.key)).sort((a, b) => a.order - b.order);
    this.#change([...left, ...this.#items]);
  }

  get items(): readonly OutItem[] {
    return this.#items;
  }

  /** Keeps a message; null when the outbox is full. */
  put(message: OutMessage): OutItem | null {
    if (this.#items.length >= MAX_OUTBOX_ITEMS) return null;
    this.#lastOrder = Math.max(this.#lastOrder + 1, Date.now());
    const item = { key: newId<string>(), order: this.#lastOrder, owner: this.owner, message };
    this.#change([...this.#items, item]);
    void this.disk.put(item);
    return item;
  }

  /** An entry of the log confirms what it is about. */
  confirm({ event }: LogEntry): void {
    this.#remove(({ message }) => {
      switch (event.type) {
        case "marked":
          return message.type === "mark" && message.mark.id === event.mark.id;
        case "withdrawn":
          // It was made, evidently, and has nothing left to pin.
          return subjectOf(message) === event.mark;
        case "pinned":
          return message.type === "pin" && message.mark === event.mark && message.pinned === event.pinned;
        case "clipAsked":
          return message.type === "saveClip" && message.clip === event.clip;
        default:
          return false;
      }
    });
  }

  /** The state at the head of the log confirms everything that it shows as done. */
  confirmBy(state: ConsultState): void {
    const held = new Map(state.marks.map((mark) => [mark.mark.id, mark]));
    const toMake = new Set(
      this.#items.filter((i) => i.message.type === "mark").map((i) => subjectOf(i.message)),
    );
    const clips = new Set(state.clips.map(({ clip }) => clip));
    this.#remove(({ message }) => {
      if (message.type === "saveClip") return clips.has(message.clip);
      if (message.type === "mark") return held.has(message.mark.id);
      const mark = held.get(message.mark);
      if (mark === undefined) return !toMake.has(message.mark);
      return message.type === "pin" && mark.pinned === message.pinned;
    });
  }

  /** The relay refused something about a mark or a clip. True if the item stays to be sent again. */
  refused(subject: AnnotationId | ClipId, code: ProblemCode): boolean {
    if (PASSING.has(code)) return true;
    const first = this.#items.find((item) => subjectOf(item.message) === subject);
    // Without its mark, a withdrawal or a pin of it has no meaning.
    this.#remove((item) =>
      first?.message.type === "mark" ? subjectOf(item.message) === subject : item === first,
    );
    return false;
  }

  /** The relay had it already. Answers come in the order of sending, so it is the oldest about this mark. */
  known(mark: AnnotationId): void {
    const first = this.#items.find((item) => subjectOf(item.message) === mark);
    this.#remove((item) => item === first);
  }

  /** Takes out what has lost its meaning with time, and says which. */
  giveUp(which: (item: OutItem) => boolean): readonly OutItem[] {
    const gone = this.#items.filter(which);
    this.#remove(which);
    return gone;
  }

  #remove(which: (item: OutItem) => boolean): void {
    const gone = this.#items.filter(which);
    if (gone.length === 0) return;
    for (const item of gone) void this.disk.remove(item.key);
    this.#change(this.#items.filter((item) => !gone.includes(item)));
  }

  #change(items: OutItem[]): void {
    this.#items = items;
    this.onChange(items);
  }
}
