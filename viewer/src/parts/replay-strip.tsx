// The words over a recorded clip: that it is a record, of when and of what, and which frame of it is on the glass.

import type { ClipPlayer } from "../clip/player";
import { tc } from "../i18n/clip-words";
import { clockTime } from "../i18n/i18n";
import { viewWords } from "./save-news";

type StripProps = { readonly player: ClipPlayer; readonly zoom: number; readonly onClose: () => void };

export function ReplayStrip({ player, zoom, onClose }: StripProps) {
  const table = player.table.value;
  const index = player.shown.value;
  const view = table?.head.view;
  const marker = table?.head.marker;
  return (
    <div class="replay__strip">
      <p>
        <strong class="replay__recorded">{tc("replay.recorded")}</strong>{" "}
        {table !== null && (
          <span class="replay__more">
            {tc("replay.takenAt", { time: clockTime(table.head.takenAt, true) })}{" "}
            <span class="replay__notnow">{tc("replay.notNow")}</span>
          </span>
        )}
      </p>
      {table !== null && (
        <p class="replay__view">
          {view === undefined ? tc("replay.noView") : tc("replay.view", { view: viewWords(view) })}
          {marker !== undefined && <span class="replay__marker">{tc(`replay.marker.${marker}`)}</span>}
        </p>
      )}
      {table?.handScale && <p data-testid="replay-hand-scale">{tc("replay.handScale")}</p>}
      {table !== null && index !== null && (
        <p data-testid="replay-number">
          <strong>{tc("replay.frame", { number: index + 1, count: table.count })}</strong>{" "}
          {tc("replay.time", { seconds: (table.atUs(index) / 1_000_000).toFixed(3) })}
        </p>
      )}
      <span class="zoomlevel">{tc("replay.zoom", { percent: Math.round(zoom * 100) })}</span>
      <button type="button" class="button button--quiet" data-testid="replay-close" onClick={onClose}>
        {tc("replay.close")}
      </button>
    </div>
  );
}
