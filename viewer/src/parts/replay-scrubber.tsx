// The position in a clip: a slider over what is here, what is marked and what is played.
//
// Reads the player and seeks. Step buttons stand beside it in the controls. Invariant: frames whose bytes have not arrived look
// different from those that are here, without colour alone.

import type { Beats } from "../clip/phase";
import type { ClipPlayer } from "../clip/player";
import type { FrameTable } from "../clip/table";
import { tc } from "../i18n/clip-words";

export function Scrubber({ player, beats }: { player: ClipPlayer; beats: Beats }) {
  const table = player.table.value;
  const target = player.target.value;
  const last = (table?.count ?? 1) - 1;
  return (
    <div class="scrub">
      {table !== null && <Track player={player} table={table} beats={beats} />}
      <input
        class="scrub__slider"
        type="range"
        min={0}
        max={last}
        step={1}
        value={target}
        disabled={last === 0}
        aria-label={tc("replay.scrub")}
        aria-valuetext={tc("replay.scrubValue", {
          number: target + 1,
          count: last + 1,
          seconds: ((table?.atUs(target) ?? 0) / 1_000_000).toFixed(3),
        })}
        data-testid="replay-scrub"
        onInput={({ currentTarget }) => player.seek(currentTarget.valueAsNumber)}
      />
    </div>
  );
}

/** Drawn in frames: one unit is one frame. */
function Track({ player, table, beats }: { player: ClipPlayer; table: FrameTable; beats: Beats }) {
  const stretch = player.stretch.value;
  return (
    <svg
      class="scrub__track"
      viewBox={`0 0 ${table.count} 12`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-testid="replay-track"
    >
      <rect class="scrub__all" x={0} y={4} width={table.count} height={4} />
      {table.here().map(({ from, to }) => (
        <rect key={from} class="scrub__here" x={from} y={3} width={to - from + 1} height={6} />
      ))}
      {stretch !== null && (
        <rect
          class="scrub__stretch"
          x={stretch.from}
          y={0}
          width={stretch.to - stretch.from + 1}
          height={2}
        />
      )}
      {[...player.marks.value.keys()].map((index) => (
        <rect key={index} class="scrub__mark" x={index} y={0} width={1} height={12} />
      ))}
      {beats.map((us) => (
        <rect key={us} class="scrub__beat" x={table.frameAt(us)} y={9} width={1} height={3} />
      ))}
    </svg>
  );
}
