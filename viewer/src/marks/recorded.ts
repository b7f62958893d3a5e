// The recording of each stream and of voices as this page holds it: a part of the fold over the log, the same as the relay's.
//
// Pure. Called by the replica.

import { MAX_RECORDING_GAPS } from "../wire/constants";
import type { StreamId } from "../wire/ids";
import type { LogEntry, LogEvent } from "../wire/log";
import type { RecordingState } from "../wire/socket";
import type { VoiceRecording } from "../wire/voice";

export type RecordingEvent = Extract<
  LogEvent,
  {
    type: "streamGap" | "streamFilling" | "streamFilled" | "streamRecorded" | "streamWeak" | "streamWhole";
  }
>;

export function recorded(recordings: readonly RecordingState[], event: RecordingEvent): RecordingState[] {
  const isKnown = recordings.some((held) => held.stream === event.stream);
  const all = isKnown ? recordings : [...recordings, nothingOf(event.stream)];
  return all.map((held) => (held.stream === event.stream ? change(held, event) : held));
}

function change(held: RecordingState, event: RecordingEvent): RecordingState {
  switch (event.type) {
    case "streamRecorded":
      return { ...held, on: event.on };
    case "streamGap": {
      const { before, after } = event;
      const isFull = held.gaps.length >= MAX_RECORDING_GAPS;
      const gaps = isFull ? held.gaps : [...held.gaps, { before, after, percent: null }];
      return { ...held, gaps, wholeUntil: null };
    }
    case "streamFilling":
      return {
        ...held,
        gaps: held.gaps.map((gap) =>
          gap.before === event.before ? { ...gap, percent: event.percent } : gap,
        ),
      };
    case "streamFilled": {
      const gaps = held.gaps.filter((gap) => gap.before !== event.before);
      // Without a frame it was no hole: the device was off.
      if (event.frames === 0) return { ...held, gaps };
      return { ...held, gaps, filled: held.filled + 1, filledMs: held.filledMs + event.ms };
    }
    case "streamWeak":
      return { ...held, weakFrom: event.from, wholeUntil: null };
    case "streamWhole":
      return { ...held, gaps: [], weakFrom: null, wholeUntil: event.until };
  }
}

function nothingOf(stream: StreamId): RecordingState {
  return { stream, on: false, gaps: [], filled: 0, filledMs: 0, weakFrom: null, wholeUntil: null };
}

export type VoiceRecordingEvent = Extract<
  LogEvent,
  {
    type: "voiceConsented" | "voiceConsentEnded" | "voiceRecorded" | "voiceDiscardAsked" | "voiceDiscarded";
  }
>;

export function voiceRecorded(
  held: VoiceRecording,
  { author, at }: LogEntry,
  event: VoiceRecordingEvent,
): VoiceRecording {
  switch (event.type) {
    case "voiceConsented":
      return { consent: { consent: event.consent, by: event.by, author, at }, written: null, kept: "kept" };
    case "voiceConsentEnded":
      return held.consent?.consent === event.consent ? { ...held, consent: null, written: null } : held;
    case "voiceRecorded":
      return { ...held, written: event.on };
    case "voiceDiscardAsked":
      return { ...held, kept: "discarding" };
    case "voiceDiscarded":
      return { ...held, kept: "discarded" };
  }
}
