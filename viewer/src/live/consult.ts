// One consult as this page lives it: the log replica, presence, the outbox and what the person is told.
//
// Glue between the socket and signals: messages come in and become state, intents go out. Rules of marks, presence and
// resending are in their own modules. Screens read the signals and call the intents; nothing else touches the socket.
// Invariant: the state shown is the relay's log plus the own outbox, nothing a page believes on its own.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type OutItem, ownerKey } from "../marks/outbox";
import { apply, EMPTY, fromSnapshot, type Replica } from "../marks/replica";
import { RelayClock } from "../net/clock";
import { session as heldSession, verify } from "../net/session";
import { ConsultSocket, type Link } from "../net/socket";
import type { SaveWhat } from "../wire/clip";
import type { ConsultSummary, SessionGrant } from "../wire/http";
import type { AnnotationId, ClipId, FreezeId, ScaleId, Seq, SessionId, StreamId } from "../wire/ids";
import type { LinkSeen, PersonLink } from "../wire/link";
import type { LogEntry } from "../wire/log";
import type { Anchor, Annotation } from "../wire/mark";
import type { Author, Page, Participant, Rights } from "../wire/people";
import type { ProblemCode } from "../wire/problem";
import type { FromRelay, MarkState, Settings, ToRelay } from "../wire/socket";
import type { RelayTime, RtpTime } from "../wire/units";
import type { VoiceState } from "../wire/voice";
import type { Stamp } from "./age";
import { type ArrivingBeat, withFrames } from "./beat-frames";
import {
  type Pointers,
  PresenceSender,
  type Sketches,
  withoutAbsent,
  withoutMark,
  withPointers,
  withSketches,
} from "./presence";
import { Sending } from "./sending";

type From<T extends FromRelay["type"]> = Extract<FromRelay, { type: T }>;
export type Flow = From<"flow">;

const NO_RIGHTS: Rights = {
  point: false,
  draw: false,
  pin: false,
  freeze: false,
  save: false,
  speak: false,
  recordVoice: false,
  releaseAny: false,
};
/** Used until the relay has said what holds here. */
const BEFORE_WELCOME: Settings = { quickMarkSeconds: 8, measuring: false, voiceRecording: false };

/** Something the person must be told once. */
export type Notice = {
  readonly id: number;
  readonly code: ProblemCode | "outboxFull" | "pressTooLate" | "freezeUnheard";
};

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
  /** What each voice does that is connected. */
  readonly voices = signal<ReadonlyMap<SessionId, VoiceState>>(new Map());
  /** How the picture arrives at those whose page said so, the own one among them. */
  readonly links = signal<ReadonlyMap<SessionId, PersonLink>>(new Map());
  readonly flow = signal<Flow | null>(null);
  /** This page gets the picture smaller, because its link does not carry all of it. */
  readonly low = signal(false);
  /** Bytes of each clip that is on its way. */
  readonly clipBytes = signal<ReadonlyMap<ClipId, number>>(new Map());
  readonly stamp = signal<Stamp | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  readonly replica = signal<Replica>(EMPTY);
  /** Frames of a beat that is on its way; what the log says of it is in the replica. */
  readonly arriving = signal<ArrivingBeat | null>(null);
  /** The stream that runs, else the one that ran last. */
  readonly stream: ReadonlySignal<StreamId | null>;
  /** Marks in force, with own ones that the relay has not stored yet. */
  readonly marks: ReadonlySignal<readonly MarkState[]>;
  /** Who let the picture run again last, since this page came, and when (`performance.now`). */
  readonly released = signal<{ readonly name: string | null; readonly at: number } | null>(null);
  /** Whether this page has all entries that the relay had when it connected. */
  readonly current = signal(false);

  /** Told when a freeze that this page asked for is not granted. */
  onFreezeRefused: (freeze: FreezeId) => void = () => undefined;

  readonly presence = new PresenceSender((message) => void this.#socket.send(message));
  readonly #socket: ConsultSocket;
  readonly #sending: Sending;
  #head: Seq = 0;
  #nextNotice = 1;

  constructor(
    readonly grant: SessionGrant,
    page: Page,
  ) {
    this.stream = computed(() => {
      const { streams } = this.replica.value.state;
      return (streams.findLast((known) => known.live) ?? streams.at(-1))?.stream ?? null;
    });
    const owner = ownerKey(grant.person, grant.consult);
    this.#sending = new Sending(
      owner,
      this.#self(),
      (message) => void this.#socket.send(message),
      () => this.relayNow(),
      () => this.#tell("pressTooLate"),
    );
    this.marks = computed(() => this.#sending.withPending(this.replica.value.state.marks));
    this.#socket = new ConsultSocket(grant.consult, grant.session, page, this.clock, {
      afterSeq: () => this.replica.peek().seq,
      onMessage: (message) => this.#received(message),
      onLink: (link) => this.#linkChanged(link),
      checkEntry: async () => {
        await verify();
        return heldSession.peek()?.session === grant.session ? null : "sessionExpired";
      },
    });
  }

  /** What the relay has not confirmed yet. */
  get pending(): ReadonlySignal<readonly OutItem[]> {
    return this.#sending.pending;
  }

  relayNow(): RelayTime | null {
    return this.clock.at(performance.now());
  }

  // ── intents ──

  mark(mark: Annotation): void {
    this.#queue({ type: "mark", mark });
  }

  withdraw(mark: AnnotationId): void {
    this.#queue({ type: "withdraw", mark });
  }

  pin(mark: AnnotationId, pinned: boolean): void {
    this.#queue({ type: "pin", mark, pinned });
  }

  /** Asks the device to save a clip or a still. */
  saveClip(clip: ClipId, what: SaveWhat, view: string | null): void {
    this.#queue({ type: "saveClip", clip, what, view });
  }

  /** Whether it could be sent. A freeze is for everybody now; it is never kept for later. */
  freeze(freeze: FreezeId, anchor: Anchor): boolean {
    return this.#socket.send({ type: "freeze", freeze, anchor });
  }

  /** Moves the freeze in force by frames. */
  step(freeze: FreezeId, by: number): boolean {
    return this.#socket.send({ type: "step", freeze, by });
  }

  /** Marks the depth scale of the frozen picture. Like a freeze it is for now and never kept for later. */
  calibrate(scale: Omit<Extract<ToRelay, { type: "calibrate" }>, "type">): boolean {
    return this.#socket.send({ type: "calibrate", ...scale });
  }

  withdrawCalibration(scale: ScaleId): boolean {
    return this.#socket.send({ type: "withdrawCalibration", scale });
  }

  /** Shows everybody the beat before the frozen frame, or ends that. */
  beat(freeze: FreezeId, shown: boolean): boolean {
    return this.#socket.send({ type: "beat", freeze, shown });
  }

  release(freeze: FreezeId): boolean {
    return this.#socket.send({ type: "release", freeze });
  }

  /** For the record: an original whose pixels are not what was said; of the beat, or the frozen frame itself. */
  doubtOriginal(freeze: FreezeId, rtpTime: RtpTime | null = null): void {
    this.#socket.send({ type: "doubtOriginal", freeze, rtpTime });
  }

  /** The relay did not answer an own freeze. */
  freezeUnheard(): void {
    this.#tell("freezeUnheard");
  }

  /** Tells the others that the own microphone is off or on. */
  muteVoice(muted: boolean): void {
    this.#socket.send({ type: "muteVoice", muted });
  }

  /** The consent to the recording of voices, and its end. Whether it got through, the log says; see `voice/consent.ts`. */
  voiceConsent(
    message: Extract<ToRelay, { type: "consentToVoice" | "withdrawVoiceConsent" | "discardVoice" }>,
  ): boolean {
    return this.#socket.send(message);
  }

  /** Tells the others how the picture arrives here. */
  linkSeen(seen: LinkSeen): void {
    this.#socket.send({ type: "linkSeen", seen });
  }

  dismiss(notice: number): void {
    this.notices.value = this.notices.value.filter((held) => held.id !== notice);
  }

  close(): void {
    this.#sending.close();
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
      case "voices":
        this.voices.value = new Map(message.voices.map(({ session, state }) => [session, state]));
        return;
      case "links":
        this.links.value = new Map([
          ...this.links.peek(),
          ...message.links.map((link) => [link.session, link] as const),
        ]);
        return;
      case "stamp":
        this.stamp.value = message;
        return;
      case "flow":
        this.flow.value = message;
        return;
      case "layer":
        this.low.value = message.low;
        return;
      case "beatFrames":
        this.arriving.value = withFrames(this.arriving.peek(), message);
        return;
      case "clipProgress":
        this.clipBytes.value = new Map(this.clipBytes.peek()).set(message.clip, message.have);
        return;
      case "refused":
        this.#refused(message);
        return;
      case "known":
        this.#sending.known(message.mark);
        return;
      default:
        // Pong and closing are the socket's; anything else is newer than this page.
        return;
    }
  }

  #welcomed(message: From<"welcome">): void {
    this.low.value = false;
    this.me.value = message.you;
    this.rights.value = message.rights;
    this.settings.value = message.settings;
    this.summary.value = message.consult;
    this.#head = message.head;
    this.#checkCurrent();
  }

  #snapshot(message: From<"snapshot">): void {
    this.replica.value = fromSnapshot(message.seq, message.state, this.replica.peek());
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
      this.#sending.confirm(entry);
      if (step.result === "known") continue;
      replica = step.replica;
      if (entry.event.type === "released") {
        const { author } = entry;
        this.released.value = { name: author.type === "relay" ? null : author.name, at: performance.now() };
      }
      if (entry.event.type === "marked") {
        this.sketches.value = withoutMark(this.sketches.peek(), entry.event.mark.id);
      }
    }
    this.replica.value = replica;
    this.#checkCurrent();
  }

  #peopleChanged(people: readonly Participant[]): void {
    this.people.value = people;
    this.pointers.value = withoutAbsent(this.pointers.peek(), people);
    this.sketches.value = withoutAbsent(this.sketches.peek(), people);
    this.links.value = withoutAbsent(this.links.peek(), people);
  }

  #refused({ code, mark, freeze, clip }: From<"refused">): void {
    if (freeze !== null) this.onFreezeRefused(freeze);
    const subject = mark ?? clip ?? null;
    const mends = subject !== null && this.#sending.refused(subject, code);
    // Mended by itself in a moment: nothing that a person could do.
    if (mends && code === "tooFast") return;
    this.#tell(code);
  }

  #linkChanged(link: Link): void {
    this.link.value = link;
    if (link.state === "open") return;
    // The relay's log went back in time (an older backup): only a snapshot can tell what holds.
    if (link.state === "lost" && link.code === "resumeAhead") this.replica.value = EMPTY;
    this.#setCurrent(false);
    this.pointers.value = new Map();
    this.sketches.value = new Map();
    this.voices.value = new Map();
    this.links.value = new Map();
    this.flow.value = null;
  }

  #checkCurrent(): void {
    this.#setCurrent(this.link.peek().state === "open" && (this.replica.peek().seq ?? 0) >= this.#head);
  }

  #setCurrent(current: boolean): void {
    if (current === this.current.peek()) return;
    this.current.value = current;
    // Only the state at the head of the log confirms: on the way there a mark may not have been told yet.
    if (current) this.#sending.confirmBy(this.replica.peek().state);
    this.#sending.setCurrent(current);
  }

  #queue(message: Parameters<Sending["queue"]>[0]): void {
    if (!this.#sending.queue(message)) this.#tell("outboxFull");
  }

  #self(): Author {
    const { session, person, name, initials, role } = this.grant;
    return { type: "person", session, person, name, initials, role };
  }

  #tell(code: Notice["code"]): void {
    const same = this.notices.peek().filter((notice) => notice.code !== code);
    this.notices.value = [...same, { id: this.#nextNotice, code }].slice(-3);
    this.#nextNotice += 1;
  }
}
