// The time of a consult: a slider over what arrived, what was filled in, what is missing, who spoke, and what happened.
//
// Reads the player and seeks. Invariant: what is missing differs from what is there by shape and not by colour alone.

import { useMemo } from "preact/hooks";
import { tp } from "../i18n/consult-replay";
import { clockTime } from "../i18n/i18n";
import type { Span } from "../replay/clock";
import type { ConsultPlayer } from "../replay/player";
import type { Jump } from "../replay/story";

/** Width of the drawing in its own units. */
const WIDTH = 1_000;
/** Marks of what happened closer than this are one line. */
const TICK_APART = 2;
/** A tap on the slider's keys moves by this much. */
const STEP_US = 100_000;

export function TimeBar({
  player,
  jumps,
  name,
}: {
  player: ConsultPlayer;
  jumps: readonly Jump[];
  name: string;
}) {
  const all = player.all.value;
  if (all === null) return null;
  return (
    <div class="past__bar">
      <Bands player={player} all={all} jumps={jumps} />
      <Slider player={player} all={all} name={name} />
    </div>
  );
}

function Slider({ player, all, name }: { player: ConsultPlayer; all: Span; name: string }) {
  const at = player.at.value;
  const seconds = Math.floor((at - all.from) / 1e6);
  return (
    <input
      class="scrub__slider"
      type="range"
      min={0}
      max={Math.max(1, Math.round((all.until - all.from) / STEP_US))}
      step={1}
      value={Math.round((at - all.from) / STEP_US)}
      aria-label={name === "" ? tp("past.scrub") : `${tp("past.scrub")} ${name}`}
      aria-valuetext={tp("past.scrubValue", {
        time: clockTime(at, true),
        minutes: Math.floor(seconds / 60),
        seconds: seconds % 60,
      })}
      data-testid="past-scrub"
      onInput={({ currentTarget }) => player.seek(all.from + currentTarget.valueAsNumber * STEP_US)}
    />
  );
}

function Bands({ player, all, jumps }: { player: ConsultPlayer; all: Span; jumps: readonly Jump[] }) {
  const tables = player.tables.value;
  const bands = useMemo(() => [...tables.values()].flatMap((table) => table.bands()), [tables]);
  const voices = player.about.value?.voices ?? [];
  const stretch = player.stretch.value;
  const place = (us: number) => ((us - all.from) / Math.max(1, all.until - all.from)) * WIDTH;
  const width = ({ from, until }: Span) => Math.max(1, place(until) - place(from));
  return (
    <svg
      class="past__bands"
      viewBox={`0 0 ${WIDTH} 24`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-testid="past-bands"
    >
      <rect class="scrub__all" x={0} y={9} width={WIDTH} height={6} />
      {bands.map((band) => (
        <rect
          key={`${band.from} ${band.what}`}
          class="past__band"
          data-what={band.what}
          x={place(band.from)}
          y={band.what === "missing" ? 11 : 8}
          width={width(band)}
          height={band.what === "missing" ? 2 : 8}
        />
      ))}
      {voices.flatMap(({ track, spoken }) =>
        spoken.map(([from, until]) => (
          <rect
            key={`${track} ${from}`}
            class="past__voice"
            x={place(from)}
            y={19}
            width={width({ from, until })}
            height={3}
          />
        )),
      )}
      {stretch !== null && (
        <rect class="scrub__stretch" x={place(stretch.from)} y={5} width={width(stretch)} height={2} />
      )}
      {ticksOf(jumps, place).map((jump) => (
        <rect
          key={jump.index}
          class="past__tick"
          data-kind={jump.kind}
          x={place(jump.atUs)}
          y={0}
          width={1.5}
          height={5}
        />
      ))}
    </svg>
  );
}

/** Over the whole width, the first of those that fall together. */
export function ticksOf(jumps: readonly Jump[], place: (us: number) => number): readonly Jump[] {
  const ticks = new Map<number, Jump>();
  for (const jump of jumps) {
    const at = Math.round(place(jump.atUs) / TICK_APART);
    if (!ticks.has(at)) ticks.set(at, jump);
  }
  return [...ticks.values()];
}

/** What the bands mean; only those that there are. */
export function Legend({ player }: { player: ConsultPlayer }) {
  const tables = player.tables.value;
  const kinds = useMemo(
    () => new Set([...tables.values()].flatMap((table) => table.bands().map(({ what }) => what))),
    [tables],
  );
  const hasVoice = (player.about.value?.voices.length ?? 0) > 0;
  return (
    <ul class="past__legend">
      {(["live", "filled", "missing"] as const)
        .filter((what) => kinds.has(what))
        .map((what) => (
          <li key={what} data-what={what}>
            {tp(`past.band.${what}`)}
          </li>
        ))}
      {hasVoice && <li data-what="voice">{tp("past.band.voice")}</li>}
    </ul>
  );
}
