// What the log says of a moment, and what somebody may want to jump to.
//
// Pure. Folds the log with the same reducer as the live page, keeps the state at every so many entries, and goes on from the nearest
// one. Adds what a live page learns beside the log: who is here, whose voice is on, how the picture arrived where. Called by
// `player.ts`. Invariant: the state of a moment depends on the log and the moment alone, never on where one came from.

import { apply, EMPTY, type Replica } from "../marks/replica";
import { visibleMarks } from "../marks/visible";
import type { PersonId, SessionId, StreamId } from "../wire/ids";
import type { LinkSeen } from "../wire/link";
import type { LogEntry } from "../wire/log";
import type { Anchor } from "../wire/mark";
import type { Role } from "../wire/people";
import type { ConsultState, MarkState } from "../wire/socket";
import type { RelayTime } from "../wire/units";
import { lastNotAbove } from "./table";

/** Between two states that are kept. */
const KEEP_EVERY = 64;

/** Somebody who is in the consult at a moment. */
export type Present = {
  readonly session: SessionId;
  readonly person: PersonId;
  readonly name: string;
  readonly role: Role;
  /** Their voice is connected. */
  readonly speaks: boolean;
  /** How the picture arrived at their page, as they said last. */
  readonly link: LinkSeen | null;
};

/** The consult at a moment. */
export type Moment = {
  /** How many entries had been made. */
  readonly entries: number;
  readonly state: ConsultState;
  readonly people: readonly Present[];
};

type Held = { readonly replica: Replica; readonly people: ReadonlyMap<SessionId, Present> };

const NOBODY: Held = { replica: EMPTY, people: new Map() };

export class Story {
  readonly entries: readonly LogEntry[];
  /** When each entry was made; never falling, also where somebody set the relay's clock back. */
  readonly #atUs: Float64Array;
  /** The state before entry 0, `KEEP_EVERY`, … */
  readonly #kept: Held[] = [];
  #last: { readonly count: number; readonly held: Held };

  constructor(entries: readonly LogEntry[]) {
    this.entries = entries;
    this.#atUs = new Float64Array(entries.length);
    let before = 0;
    let held = NOBODY;
    entries.forEach((entry, index) => {
      if (index % KEEP_EVERY === 0) this.#kept.push(held);
      held = fold(held, entry);
      before = Math.max(before, entry.at);
      this.#atUs[index] = before;
    });
    this.#last = { count: entries.length, held };
  }

  /** When an entry was made. */
  atUs(index: number): number {
    return this.#atUs[index] ?? 0;
  }

  at(us: number): Moment {
    const count = lastNotAbove(this.#atUs, us) + 1;
    const { replica, people } = this.#after(count);
    return { entries: count, state: replica.state, people: [...people.values()] };
  }

  /** The state when the log ended. */
  get end(): ConsultState {
    return this.#after(this.entries.length).replica.state;
  }

  #after(count: number): Held {
    if (this.#last.count === count) return this.#last.held;
    const isOn = count > this.#last.count && count - this.#last.count < KEEP_EVERY;
    const begin = isOn ? this.#last.count : Math.floor(count / KEEP_EVERY) * KEEP_EVERY;
    let held = isOn ? this.#last.held : (this.#kept[begin / KEEP_EVERY] ?? this.#last.held);
    for (const entry of this.entries.slice(begin, count)) held = fold(held, entry);
    this.#last = { count, held };
    return held;
  }
}

function fold({ replica, people }: Held, entry: LogEntry): Held {
  const applied = apply(replica, entry);
  return {
    replica: applied.result === "applied" ? applied.replica : replica,
    people: folded(people, entry),
  };
}

function folded(
  people: ReadonlyMap<SessionId, Present>,
  { author, event }: LogEntry,
): ReadonlyMap<SessionId, Present> {
  const change = (session: SessionId, what: Partial<Present>) => {
    const held = people.get(session);
    return held === undefined ? people : new Map(people).set(session, { ...held, ...what });
  };
  switch (event.type) {
    case "joined": {
      const { session, person, name, role } = event;
      const held = people.get(session);
      const { speaks = false, link = null } = held ?? {};
      return new Map(people).set(session, { session, person, name, role, speaks, link });
    }
    case "left": {
      const others = new Map(people);
      others.delete(event.session);
      return others;
    }
    case "voiceOn":
      return change(event.session, { speaks: true });
    case "voiceOff":
      return change(event.session, { speaks: false });
    case "linkSample":
      return author.type === "person" ? change(author.session, { link: event.seen }) : people;
    default:
      return people;
  }
}

/**
 * The marks over a frame at a moment, as everybody saw them then; over a frame that somebody chose, those of that frame. Over one
 * stream only, whatever they stood on then: those of that stream, and while they stood on another one it ran on.
 */
export function marksAt(
  { state }: Moment,
  us: number,
  quickMarkSeconds: number,
  chosen: Anchor | null,
  only: StreamId | null = null,
): MarkState[] {
  const isHere = (anchor: Anchor) => only === null || anchor.stream === only;
  const anchor = chosen ?? state.freeze?.anchor ?? null;
  return visibleMarks(
    state.marks.filter(({ mark }) => isHere(mark.anchor)),
    anchor === null || !isHere(anchor)
      ? { over: "running", now: us as RelayTime, quickMarkSeconds }
      : { over: "freeze", anchor },
  );
}

/** By what jumps are chosen. */
export type JumpKind = "freeze" | "mark" | "clip" | "picture" | "voice" | "people" | "link";
export const JUMP_KINDS: readonly JumpKind[] = [
  "freeze",
  "mark",
  "clip",
  "picture",
  "voice",
  "people",
  "link",
];

/** Something to jump to. */
export type Jump = {
  readonly index: number;
  readonly atUs: number;
  readonly kind: JumpKind;
  readonly entry: LogEntry;
  /** The frame that it belongs to. */
  readonly anchor: Anchor | null;
  /** Who did it; null for devices and the relay. */
  readonly name: string | null;
};

const KINDS: Partial<Record<LogEntry["event"]["type"], JumpKind>> = {
  frozen: "freeze",
  stepped: "freeze",
  released: "freeze",
  marked: "mark",
  withdrawn: "mark",
  pinned: "mark",
  clipSaved: "clip",
  streamStarted: "picture",
  streamStopped: "picture",
  streamGap: "picture",
  streamFilled: "picture",
  voiceConsented: "voice",
  voiceConsentEnded: "voice",
  voiceOn: "voice",
  voiceOff: "voice",
  joined: "people",
  left: "people",
  linkSample: "link",
};

export function jumpsOf(story: Story): Jump[] {
  const jumps: Jump[] = [];
  const marks = new Map<string, Anchor>();
  const names = new Map<SessionId, string>();
  const levels = new Map<SessionId, string>();
  story.entries.forEach((entry, index) => {
    const { author, event } = entry;
    if (event.type === "joined") names.set(event.session, event.name);
    if (event.type === "marked") marks.set(event.mark.id, event.mark.anchor);
    if (event.type === "linkSample" && author.type === "person") {
      // A sample that says the same word again is nothing to go to.
      if (levels.get(author.session) === event.seen.level) return;
      levels.set(author.session, event.seen.level);
    }
    const kind = KINDS[event.type];
    if (kind === undefined) return;
    const atUs = story.atUs(index);
    const name = "session" in event ? (names.get(event.session) ?? null) : nameOf(entry);
    jumps.push({ index, atUs, kind, entry, anchor: anchorOf(event, marks), name });
  });
  return jumps;
}

function nameOf({ author }: LogEntry): string | null {
  return author.type === "person" ? author.name : null;
}

function anchorOf(event: LogEntry["event"], marks: ReadonlyMap<string, Anchor>): Anchor | null {
  switch (event.type) {
    case "frozen":
    case "stepped":
      return event.anchor;
    case "marked":
      return event.mark.anchor;
    case "withdrawn":
    case "pinned":
      return marks.get(event.mark) ?? null;
    default:
      return null;
  }
}

/** What is asked of jumps; what is empty asks nothing. */
export type JumpFilter = {
  readonly kinds: ReadonlySet<JumpKind>;
  readonly name: string;
  readonly words: string;
};

/** The jumps that are asked for. `textOf` gives the words under which a jump is found. */
export function filtered(
  jumps: readonly Jump[],
  { kinds, name, words }: JumpFilter,
  textOf: (jump: Jump) => string,
): Jump[] {
  const asked = words.trim().toLowerCase();
  return jumps.filter(
    (jump) =>
      (kinds.size === 0 || kinds.has(jump.kind)) &&
      (name === "" || jump.name === name) &&
      (asked === "" || textOf(jump).toLowerCase().includes(asked)),
  );
}
