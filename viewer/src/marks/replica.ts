// The consult's log as this page holds it: the state after the entries seen so far.
//
// The same fold as the relay's, pure and immutable, so that a snapshot of the relay and our own fold of the entries
// give the same state. Called by `live/consult.ts`.
// Invariants: entries apply in order and once; a gap is reported, never skipped; unknown events only move `seq`.

import type { ClipState } from "../wire/clip";
import type { ClipId, FreezeId, Seq, StreamId } from "../wire/ids";
import type { LogEntry, LogEvent } from "../wire/log";
import type {
  BeatNews,
  BeatState,
  ConsultState,
  FreezeState,
  MarkState,
  OriginalState,
} from "../wire/socket";
import type { RtpTime } from "../wire/units";
import { recorded, voiceRecorded } from "./recorded";

/** Withdrawn and replaced marks that the list still shows; the log itself keeps all of them. */
const MAX_TAKEN_BACK = 200;

export type Replica = {
  /** The last entry held; null before the first snapshot or entry. */
  readonly seq: Seq | null;
  readonly state: ConsultState;
  /** Marks withdrawn or replaced since this page came, oldest first. */
  readonly takenBack: readonly MarkState[];
  /** Events that this version of the page does not know. */
  readonly unknown: number;
};

export const EMPTY: Replica = {
  seq: null,
  state: {
    streams: [],
    freeze: null,
    marks: [],
    scales: [],
    clips: [],
    recordings: [],
    voiceRecording: { consent: null, written: null, kept: "nothing" },
  },
  takenBack: [],
  unknown: 0,
};

export type Applied =
  | { readonly result: "applied"; readonly replica: Replica }
  | { readonly result: "known" }
  | { readonly result: "gap" };

export function fromSnapshot(seq: Seq, state: ConsultState, before: Replica): Replica {
  return { seq, state, takenBack: before.takenBack, unknown: before.unknown };
}

export function apply(replica: Replica, entry: LogEntry): Applied {
  const held = replica.seq ?? 0;
  if (entry.seq <= held) return { result: "known" };
  if (entry.seq !== held + 1) return { result: "gap" };
  return { result: "applied", replica: fold({ ...replica, seq: entry.seq }, entry) };
}

function fold(replica: Replica, entry: LogEntry): Replica {
  const { event } = entry;
  switch (event.type) {
    case "joined":
    case "left":
    case "voiceOn":
    case "voiceOff":
    case "linkSample":
    case "streamTimed":
      return replica;
    case "streamGap":
    case "streamFilling":
    case "streamFilled":
    case "streamRecorded":
    case "streamWeak":
    case "streamWhole":
      return withState(replica, { recordings: recorded(replica.state.recordings, event) });
    case "voiceConsented":
    case "voiceConsentEnded":
    case "voiceRecorded":
    case "voiceDiscardAsked":
    case "voiceDiscarded":
      return withState(replica, {
        voiceRecording: voiceRecorded(replica.state.voiceRecording, entry, event),
      });
    case "streamStarted":
      return streamStarted(replica, event);
    case "streamStopped":
      return streamStopped(replica, event);
    case "frozen":
      return withState(replica, {
        freeze: {
          freeze: event.freeze,
          anchor: event.anchor,
          author: entry.author,
          at: entry.at,
          original: { state: "awaited" },
          beat: null,
        },
      });
    case "videoPictureKept":
      return videoPictureKept(replica, event);
    case "stepped":
      return stepped(replica, event);
    case "originalKept":
      return noteOriginal(replica, event, {
        state: "kept",
        original: event.original,
        facts: event.facts,
      });
    case "originalMissing":
      return noteOriginal(replica, event, { state: "missing", reason: event.reason });
    case "originalDoubted":
      return replica;
    case "beatAsked":
      return withBeat(replica, event.freeze, (held) => ({
        shown: true,
        author: entry.author,
        news: held !== null && isWhole(held.news) ? held.news : { state: "awaited" },
      }));
    case "beatKept":
      return noteBeat(replica, event.freeze, { state: "kept", frames: event.frames, of: event.of });
    case "beatMissing":
      return noteBeat(replica, event.freeze, { state: "missing", reason: event.reason });
    case "beatEnded":
      return withBeat(replica, event.freeze, (held) => held && { ...held, shown: false });
    case "calibrated":
      return calibrated(replica, entry, event);
    case "calibrationWithdrawn":
      return withState(replica, {
        scales: replica.state.scales.filter(({ scale }) => scale.id !== event.scale),
      });
    case "released":
      return withState(replica, { freeze: null });
    case "marked":
      return marked(replica, entry, event);
    case "withdrawn":
      return takeBack(replica, event.mark);
    case "pinned":
      return withState(replica, {
        marks: replica.state.marks.map((held) =>
          held.mark.id === event.mark ? { ...held, pinned: event.pinned } : held,
        ),
      });
    case "clipAsked":
      return withClip(replica, entry, event.clip, (held) => held);
    case "clipSaved":
      return withClip(replica, entry, event.head.clip, (held) => ({
        ...held,
        head: event.head,
        stage: { stage: "arriving" },
      }));
    case "clipKept":
      return withClip(replica, entry, event.clip, (held) => ({ ...held, stage: { stage: "kept" } }));
    case "clipMissing":
      return withClip(replica, entry, event.clip, (held) => ({
        ...held,
        stage: { stage: "missing", reason: event.reason },
      }));
    default:
      // A newer relay may know more; readers ignore and count (wire/log.rs).
      return { ...replica, unknown: replica.unknown + 1 };
  }
}

type Event<T extends LogEvent["type"]> = Extract<LogEvent, { type: T }>;

function stepped(replica: Replica, event: Event<"stepped">): Replica {
  const { freeze } = replica.state;
  if (freeze?.freeze !== event.freeze) return replica;
  return withState(replica, {
    freeze: { ...without(freeze), anchor: event.anchor, original: { state: "awaited" }, beat: null },
  });
}

/** Another frame: what came with the video was of the one before. */
function without({ fromVideo: _, ...freeze }: FreezeState): FreezeState {
  return freeze;
}

function videoPictureKept(replica: Replica, event: Event<"videoPictureKept">): Replica {
  const { freeze } = replica.state;
  if (freeze === null) return replica;
  const { stream, rtpTime } = freeze.anchor;
  if (stream !== event.stream || rtpTime !== event.rtpTime) return replica;
  return withState(replica, { freeze: { ...freeze, fromVideo: event.picture } });
}

/** Whether all frames of a beat are kept. */
export function isWhole(news: BeatNews): boolean {
  return news.state === "kept" && news.frames.length >= news.of;
}

function withBeat(
  replica: Replica,
  id: FreezeId,
  change: (held: BeatState | null) => BeatState | null,
): Replica {
  const { freeze } = replica.state;
  if (freeze?.freeze !== id) return replica;
  return withState(replica, { freeze: { ...freeze, beat: change(freeze.beat) } });
}

function noteBeat(replica: Replica, id: FreezeId, news: BeatNews): Replica {
  return withBeat(replica, id, (held) => held && { ...held, news });
}

/** About the frozen frame, unless its original is kept: then nothing takes that away. */
function noteOriginal(
  replica: Replica,
  frame: { readonly stream: StreamId; readonly rtpTime: RtpTime },
  original: OriginalState,
): Replica {
  const { freeze } = replica.state;
  if (freeze === null || freeze.original.state === "kept") return replica;
  const { anchor } = freeze;
  if (anchor.stream !== frame.stream || anchor.rtpTime !== frame.rtpTime) return replica;
  return withState(replica, { freeze: { ...freeze, original } });
}

function streamStarted(replica: Replica, event: Event<"streamStarted">): Replica {
  const { stream, stamped, codec } = event;
  const others = replica.state.streams.filter((known) => known.stream !== stream);
  return withState(replica, { streams: [...others, { stream, stamped, codec, live: true }] });
}

function streamStopped(replica: Replica, event: Event<"streamStopped">): Replica {
  return withState(replica, {
    streams: replica.state.streams.map((known) =>
      known.stream === event.stream ? { ...known, live: false } : known,
    ),
    recordings: replica.state.recordings.map((held) =>
      held.stream === event.stream ? { ...held, on: false } : held,
    ),
  });
}

function marked(replica: Replica, entry: LogEntry, event: Event<"marked">): Replica {
  const { mark } = event;
  const without = mark.replaces === undefined ? replica : takeBack(replica, mark.replaces);
  const made: MarkState = {
    mark,
    author: entry.author,
    at: entry.at,
    pinned: false,
    ...(event.gauge === undefined ? {} : { gauge: event.gauge }),
  };
  return withState(without, { marks: [...without.state.marks, made] });
}

function calibrated(replica: Replica, entry: LogEntry, { scale }: Event<"calibrated">): Replica {
  const others = replica.state.scales.filter((held) => held.scale.stream !== scale.stream);
  return withState(replica, { scales: [...others, { scale, author: entry.author, at: entry.at }] });
}

function takeBack(replica: Replica, id: string): Replica {
  const gone = replica.state.marks.find((held) => held.mark.id === id);
  if (gone === undefined) return replica;
  return {
    ...withState(replica, { marks: replica.state.marks.filter((held) => held !== gone) }),
    takenBack: [...replica.takenBack, gone].slice(-MAX_TAKEN_BACK),
  };
}

/**
 * Changes a clip; one that nobody asked for here (the device's own) begins with the entry that names it first. What is safe
 * here stays as it is, whatever comes late.
 */
function withClip(
  replica: Replica,
  { author, at }: LogEntry,
  clip: ClipId,
  change: (held: ClipState) => ClipState,
): Replica {
  const { clips } = replica.state;
  if (clips.some((held) => held.clip === clip))
    return withState(replica, {
      clips: clips.map((held) => (held.clip === clip && held.stage.stage !== "kept" ? change(held) : held)),
    });
  const begun: ClipState = { clip, author, at, head: null, stage: { stage: "asked" } };
  return withState(replica, { clips: [...clips, change(begun)] });
}

function withState(replica: Replica, change: Partial<ConsultState>): Replica {
  return { ...replica, state: { ...replica.state, ...change } };
}
