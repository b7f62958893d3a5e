// What this page says for the record, until the relay has it.
//
// Owns the outbox and when it is sent: at once while the page is up to date, again after each reconnect and after a
// refusal that passes. Called by `consult.ts`. Invariant: nothing is sent before the page holds all entries, so that
// what the relay stored already is known and not sent as new.

import { type ReadonlySignal, signal } from "@preact/signals";
import { Outbox, type OutItem, type OutMessage } from "../marks/outbox";
import { IndexedDisk } from "../marks/outbox-disk";
import { asPending } from "../marks/visible";
import type { AnnotationId, ClipId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { Author } from "../wire/people";
import type { ProblemCode } from "../wire/problem";
import type { ConsultState, MarkState } from "../wire/socket";
import type { RelayTime } from "../wire/units";
import { asSaidNow, isTooLate, PRESS_STANDS_MS } from "./press";

/** After a refusal that passes, unconfirmed marks are sent again this much later. */
const SEND_AGAIN_MS = 2_000;

export class Sending {
  readonly #pending = signal<readonly OutItem[]>([]);
  readonly #outbox: Outbox;
  #sendAgain: ReturnType<typeof setTimeout> | undefined;
  #giveUp: ReturnType<typeof setTimeout> | undefined;
  #current = false;
  /** When each unconfirmed mark was made, by the relay's clock. */
  #madeAt = new Map<AnnotationId, RelayTime>();

  constructor(
    owner: string,
    readonly author: Author,
    readonly send: (message: OutMessage) => void,
    readonly now: () => RelayTime | null,
    /** Presses of save that could not be said in time. */
    readonly onTooLate: () => void,
  ) {
    this.#outbox = new Outbox(owner, new IndexedDisk(), (items) => {
      this.#pending.value = items;
    });
    void this.#outbox.load().then(() => this.#flush());
  }

  /** What the relay has not confirmed, oldest first. */
  get pending(): ReadonlySignal<readonly OutItem[]> {
    return this.#pending;
  }

  /** False when there is no room for more. */
  queue(message: OutMessage): boolean {
    const now = this.now();
    if (message.type === "mark" && now !== null) this.#madeAt.set(message.mark.id, now);
    if (this.#outbox.put(message) === null) return false;
    if (this.#current) this.send(message);
    if (message.type === "saveClip") this.#watchPresses();
    return true;
  }

  /** Whether this page holds all that the relay had when it connected. */
  setCurrent(current: boolean): void {
    this.#current = current;
    if (current) this.#flush();
  }

  confirm(entry: LogEntry): void {
    this.#outbox.confirm(entry);
    if (entry.event.type === "marked") this.#madeAt.delete(entry.event.mark.id);
  }

  confirmBy(state: ConsultState): void {
    this.#outbox.confirmBy(state);
  }

  /** The relay had what this page said about a mark already. */
  known(mark: AnnotationId): void {
    this.#outbox.known(mark);
  }

  /** True if what was refused stays and is sent again by itself. */
  refused(subject: AnnotationId | ClipId, code: ProblemCode): boolean {
    if (!this.#outbox.refused(subject, code)) return false;
    clearTimeout(this.#sendAgain);
    this.#sendAgain = setTimeout(() => this.#flush(), SEND_AGAIN_MS);
    return true;
  }

  /** The marks in force with the own ones that are still on their way. */
  withPending(held: readonly MarkState[]): readonly MarkState[] {
    const pending = this.#pending.value;
    if (pending.length === 0) return held;
    const known = new Set(held.map((state) => state.mark.id));
    return pending.reduce<MarkState[]>(
      (marks, { message }) => {
        if (message.type === "saveClip") return marks;
        if (message.type === "withdraw") return marks.filter((state) => state.mark.id !== message.mark);
        if (message.type === "pin") {
          const { mark, pinned } = message;
          return marks.map((state) => (state.mark.id === mark ? { ...state, pinned } : state));
        }
        const { mark } = message;
        const rest = marks.filter((state) => state.mark.id !== mark.replaces);
        const at = this.#madeAt.get(mark.id) ?? this.now() ?? (0 as RelayTime);
        return known.has(mark.id) ? rest : [...rest, asPending(mark, this.author, at)];
      },
      [...held],
    );
  }

  close(): void {
    clearTimeout(this.#sendAgain);
    clearTimeout(this.#giveUp);
    this.#current = false;
  }

  #flush(): void {
    this.#dropLatePresses();
    if (!this.#current) return;
    for (const item of this.#outbox.items) this.send(asSaidNow(item, Date.now()));
  }

  /** Also without a link: whoever pressed must hear of it while the device can still be asked by hand. */
  #watchPresses(): void {
    clearTimeout(this.#giveUp);
    this.#giveUp = setTimeout(() => this.#dropLatePresses(), PRESS_STANDS_MS + 1);
  }

  #dropLatePresses(): void {
    const late = this.#outbox.giveUp((item) => isTooLate(item, Date.now()));
    if (late.length > 0) this.onTooLate();
  }
}
