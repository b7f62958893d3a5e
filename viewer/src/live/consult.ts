// One consult as this page lives it: the log replica, presence, the outbox and what the person is told.
//
// Glue between the socket and signals: messages come in and become state, intents go out. Rules of marks, presence and
// resending are in their own modules. Screens read the signals and call the intents; nothing else touches the socket.
// Invariant: the state shown is the relay's log plus the own outbox, nothing a page believes on its own.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { Outbox, type OutItem, type OutMessage, ownerKey } from "../marks/outbox";
import { IndexedDisk } from "../marks/outbox-disk";
import { apply, EMPTY, fromSnapshot, type Replica } from "../marks/replica";
import { asPending } from "../marks/visible";
import { RelayClock } from "../net/clock";
import { session as heldSession, verify } from "../net/session";
import { ConsultSocket, type Link } from "../net/socket";
import type { ConsultSummary, SessionGrant } from "../wire/http";
import type { AnnotationId, FreezeId, Seq, StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { Anchor, Annotation } from "../wire/mark";
import type { Author, Page, Participant, Rights } from "../wire/people";
import type { ProblemCode } from "../wire/problem";
import type { FromRelay, MarkState, Settings } from "../wire/socket";
import type { RelayTime } from "../wire/units";
import type { Stamp } from "./age";
import {
  type Pointers,
  PresenceSender,
  type Sketches,
  withoutAbsent,
  withoutMark,
  withPointers,
  withSketches,
} from "./presence";

type From<T extends FromRelay["type"]> = Extract<FromRelay, { type: T }>;
export type Flow = From<"flow">;

const NO_RIGHTS: Rights = { point: false, draw: false, pin: false, freeze: false, releaseAny: false };
/** Used until the relay has said what holds here. */
const BEFORE_WELCOME: Settings = { quickMarkSeconds: 8, measuring: false };
/** After a refusal that passes, unconfirmed marks are sent again this much later. */
const SEND_AGAIN_MS = 2_000;

/** Something the person must be told once. */
export type Notice = { readonly id: number; readonly code: ProblemCode | "outboxFull" };

export class Consult {
  readonly clock = new RelayClock();
  readonly link = signal<Link>({ state: "connecting" });
  readonly me = signal<Participant | null>(null);
  readonly rights = signal<Rights>(NO_RIGHTS);
  readonly settings = signal<Settings>(BEFORE_WELCOME);
  readonly summary = signal<ConsultSummary | null>(null);
  readonly people = signal<readonly Participant[]>([]);
  readonly pointers = signal<Pointers>(new Map());
  readonly sketches = signal<Sketches>(new Map());
  readonly flow = signal<Flow | null>(null);
  readonly stamp = signal<Stamp | null>(null);
  readonly pending = signal<readonly OutItem[]>([]);
  readonly notices = signal<readonly Notice[]>([]);
  readonly replica = signal<Replica>(EMPTY);
  /** The stream that runs, else the one that ran last. */
  readonly stream: ReadonlySignal<StreamId | null>;
  /** Marks in force, with own ones that the relay has not stored yet. */
  readonly marks: ReadonlySignal<readonly MarkState[]>;
  /** Whether this page has all entries that the relay had when it connected. */
  readonly current = signal(false);

  /** Told when a freeze that this page asked for is not granted. */
  onFreezeRefused: (freeze: FreezeId) => void = () => undefined;

  readonly presence = new PresenceSender((message) => void this.#socket.send(message));
  readonly #socket: ConsultSocket;
  readonly #outbox: Outbox;
  #head: Seq = 0;
  #nextNotice = 1;
  #sendAgain: ReturnType<typeof setTimeout> | undefined;
  #madeAt = new Map<AnnotationId, RelayTime>();

  constructor(
    readonly grant: SessionGrant,
    page: Page,
  ) {
    this.stream = computed(() => {
      const { streams } = this.replica.value.state;
      return (streams.findLast((known) => known.live) ?? streams.at(-1))?.stream ?? null;
    });
    this.marks = computed(() => this.#withPending());
    this.#outbox = new Outbox(ownerKey(grant.person, grant.consult), new IndexedDisk(), (items) => {
      this.pending.value = items;
    });
    this.#socket = new ConsultSocket(grant.consult, grant.session, page, this.clock, {
      afterSeq: () => this.replica.peek().seq,
      onMessage: (message) => this.#received(message),
      onLink: (link) => this.#linkChanged(link),
      checkEntry: async () => {
        await verify();
        return heldSession.peek()?.session === grant.session ? null : "sessionExpired";
      },
    });
    void this.#outbox.load().then(() => this.#flush());
  }

  /** How the author of the own marks will be written. */
  get self(): Author {
    const { session, person, name, initials, role } = this.grant;
    return { type: "person", session, person, name, initials, role };
  }

  relayNow(): RelayTime | null {
    return this.clock.at(performance.now());
  }

  // ── intents ──

  mark(mark: Annotation): void {
    const now = this.relayNow();
    if (now !== null) this.#madeAt.set(mark.id, now);
    this.#queue({ type: "mark", mark });
  }

  withdraw(mark: AnnotationId): void {
    this.#queue({ type: "withdraw", mark });
  }

  pin(mark: AnnotationId, pinned: boolean): void {
    this.#queue({ type: "pin", mark, pinned });
  }

  /** Whether it could be sent. A freeze is for everybody now; it is never kept for later. */
  freeze(freeze: FreezeId, anchor: Anchor): boolean {
    return this.#socket.send({ type: "freeze", freeze, anchor });
  }

  release(freeze: FreezeId): boolean {
    return this.#socket.send({ type: "release", freeze });
  }

  dismiss(notice: number): void {
    this.notices.value = this.notices.value.filter((held) => held.id !== notice);
  }

  close(): void {
    clearTimeout(this.#sendAgain);
    this.presence.stop();
    this.#socket.close();
  }

  // ── what the relay says ──

  #received(message: FromRelay): void {
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        return;
      case "snapshot":
        this.#snapshot(message);
        return;
      case "entries":
        this.#entries(message.entries);
        return;
      case "people":
        this.#peopleChanged(message.participants);
        return;
      case "pointers":
        this.pointers.value = withPointers(this.pointers.peek(), message.pointers);
        return;
      case "sketches":
        this.sketches.value = withSketches(this.sketches.peek(), message.sketches);
        return;
      case "stamp":
        this.stamp.value = message;
        return;
      case "flow":
        this.flow.value = message;
        return;
      case "refused":
        this.#refused(message);
        return;
      default:
        // Pong and closing are the socket's; anything else is newer than this page.
        return;
    }
  }

  #welcomed(message: From<"welcome">): void {
    this.me.value = message.you;
    this.rights.value = message.rights;
    this.settings.value = message.settings;
    this.summary.value = message.consult;
    this.#head = message.head;
    this.#checkCurrent();
  }

  #snapshot(message: From<"snapshot">): void {
    this.replica.value = fromSnapshot(message.seq, message.state, this.replica.peek());
    this.#outbox.confirmBy(message.state);
    this.#checkCurrent();
  }

  #entries(entries: readonly LogEntry[]): void {
    let replica = this.replica.peek();
    for (const entry of entries) {
      const step = apply(replica, entry);
      if (step.result === "gap") {
        this.replica.value = replica;
        this.#socket.restart();
        return;
      }
      this.#outbox.confirm(entry);
      if (step.result === "known") continue;
      replica = step.replica;
      if (entry.event.type === "marked") {
        this.sketches.value = withoutMark(this.sketches.peek(), entry.event.mark.id);
        this.#madeAt.delete(entry.event.mark.id);
      }
    }
    this.replica.value = replica;
    this.#checkCurrent();
  }

  #peopleChanged(people: readonly Participant[]): void {
    this.people.value = people;
    this.pointers.value = withoutAbsent(this.pointers.peek(), people);
    this.sketches.value = withoutAbsent(this.sketches.peek(), people);
  }

  #refused({ code, mark, freeze }: From<"refused">): void {
    if (freeze !== null) this.onFreezeRefused(freeze);
    if (mark !== null && this.#outbox.refused(mark, code)) {
      clearTimeout(this.#sendAgain);
      this.#sendAgain = setTimeout(() => this.#flush(), SEND_AGAIN_MS);
    }
    this.#tell(code);
  }

  #linkChanged(link: Link): void {
    this.link.value = link;
    if (link.state === "open") return;
    this.current.value = false;
    this.pointers.value = new Map();
    this.sketches.value = new Map();
    this.flow.value = null;
  }

  #checkCurrent(): void {
    const current = this.link.peek().state === "open" && (this.replica.peek().seq ?? 0) >= this.#head;
    if (current === this.current.peek()) return;
    this.current.value = current;
    if (current) this.#flush();
  }

  // ── outbox ──

  #queue(message: OutMessage): void {
    const item = this.#outbox.put(message);
    if (item === null) this.#tell("outboxFull");
    else if (this.current.peek()) this.#socket.send(message);
  }

  #flush(): void {
    if (!this.current.peek()) return;
    for (const item of this.#outbox.items) this.#socket.send(item.message);
  }

  #withPending(): readonly MarkState[] {
    const held = this.replica.value.state.marks;
    const pending = this.pending.value;
    if (pending.length === 0) return held;
    const now = this.relayNow() ?? (0 as RelayTime);
    const known = new Set(held.map((state) => state.mark.id));
    let all: MarkState[] = [...held];
    for (const { message } of pending) {
      if (message.type === "mark") {
        all = all.filter((state) => state.mark.id !== message.mark.replaces);
        if (known.has(message.mark.id)) continue;
        all.push(asPending(message.mark, this.self, this.#madeAt.get(message.mark.id) ?? now));
      } else if (message.type === "withdraw") {
        all = all.filter((state) => state.mark.id !== message.mark);
      } else {
        all = all.map((state) =>
          state.mark.id === message.mark ? { ...state, pinned: message.pinned } : state,
        );
      }
    }
    return all;
  }

  #tell(code: Notice["code"]): void {
    const same = this.notices.peek().filter((notice) => notice.code !== code);
    this.notices.value = [...same, { id: this.#nextNotice, code }].slice(-3);
    this.#nextNotice += 1;
  }
}
