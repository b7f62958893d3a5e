// 記録: whether the picture is recorded, what is missing of it, how far that is filled, and that nothing is missing any more.
//
// Loaded later. Shows what `live/recording.ts` makes of the log. Invariant: shape and word together, never colour alone; a change
// of the word is announced, figures are not.

import { tr } from "../i18n/recording";
import type { Desk } from "../live/desk";
import { type RecordingPart, type RecordingPhase, recordingOf, wholeSeconds } from "../live/recording";

const SHAPES: Readonly<Record<RecordingPhase, string>> = {
  live: "●",
  stopped: "■",
  gap: "▲",
  filling: "◐",
  weak: "◇",
  filled: "◆",
  whole: "✓",
};

export function RecordingStrip({ desk }: { desk: Desk }) {
  const parts = recordingOf(desk.consult.replica.value.state);
  return (
    <section class="recording" aria-label={tr("recording.label")} data-testid="recording">
      <div role="status">
        <ul class="recording__parts">
          {parts.map((part) => (
            <li key={part.phase} class="recording__part" data-phase={part.phase}>
              <span class="recording__shape" aria-hidden="true">
                {SHAPES[part.phase]}
              </span>{" "}
              {tr(`recording.${part.phase}`)} <Figures part={part} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Figures({ part }: { part: RecordingPart }) {
  switch (part.phase) {
    case "gap":
      return (
        <span class="recording__figures" aria-live="off">
          {tr("recording.gapMore", { count: part.count, time: time(part.missingMs) })}
        </span>
      );
    case "filling":
      return (
        <span class="recording__figures" aria-live="off">
          <progress
            class="recording__bar"
            max={100}
            value={part.percent}
            aria-label={tr("recording.filling")}
          />{" "}
          {tr("recording.fillingMore", { percent: part.percent, time: time(part.missingMs) })}
        </span>
      );
    case "filled":
      return (
        <span class="recording__figures" aria-live="off">
          {tr("recording.filledMore", { count: part.count, time: time(part.ms) })}
        </span>
      );
    default:
      return null;
  }
}

function time(ms: number): string {
  const whole = wholeSeconds(ms);
  return whole.minutes === 0 ? tr("recording.seconds", whole) : tr("recording.minutes", whole);
}
