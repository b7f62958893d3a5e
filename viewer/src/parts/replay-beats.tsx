// Where the heart begins its beats in a recorded picture: set by hand, to lay it beside another one.

import type { Beside, Timed } from "../clip/beside";
import { tc } from "../i18n/clip-words";

type BeatsProps = { readonly beside: Pick<Beside, "beats" | "toggleBeat">; readonly player: Timed };

export function Beats({ beside, player }: BeatsProps) {
  const beats = beside.beats(player).value;
  const us = player.glassUs.value;
  const isBeat = us !== null && beats.includes(us);
  return (
    <p class="replay__beats">
      <button
        type="button"
        class="button"
        aria-pressed={isBeat}
        data-testid="replay-beat"
        onClick={() => beside.toggleBeat(player)}
      >
        {tc(isBeat ? "beside.takeBeat" : "beside.setBeat")}
      </button>
      <span class="quiet">{tc("beside.beats", { count: beats.length })}</span>
    </p>
  );
}
