// One saved clip of a consult that is replayed: its words, its picture with the marks of the consult, its position.
//
// Puts a clip's player into the page; decides nothing. Invariant: that it is a record, and which frame of it, stands beside the picture.

import { computed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Beside, Following, Leading } from "../clip/beside";
import { ClipPlayer } from "../clip/player";
import type { ConsultPlayer } from "../replay/player";
import type { Stage } from "../stage/stage";
import type { ClipId } from "../wire/ids";
import { RecordedStage, useZoom } from "./consult-replay-stage";
import { Beats } from "./replay-beats";
import { ReplayNews } from "./replay-news";
import { Scrubber } from "./replay-scrubber";
import { ReplayStrip } from "./replay-strip";

type ClipPaneProps = {
  readonly player: ClipPlayer;
  readonly beside: Beside<Leading, Following> | null;
  readonly onClose: () => void;
  readonly onStage?: (stage: Stage | null) => void;
  readonly children?: ComponentChildren;
};

export function ReplayedClipPane({ player, beside, onClose, onStage, children }: ClipPaneProps) {
  const [zoom, onZoom] = useZoom();
  const marks = () => {
    const index = player.shown.value;
    return (index === null ? undefined : player.marks.value.get(index)) ?? [];
  };
  return (
    <article class="replay__pane past__pane" data-testid="past-clip" data-clip={player.place.clip}>
      <div class="replay__frame">
        <ReplayStrip player={player} zoom={zoom} onClose={onClose} />
        <RecordedStage picture={player} marks={marks} pointers={() => []} onStage={onStage} onZoom={onZoom} />
      </div>
      <Scrubber player={player} beats={beside?.beats(player).value ?? []} />
      <div class="replay__row">
        <ReplayNews player={player} />
        {beside?.pairing.value === "phase" && <Beats beside={beside} player={player} />}
        {children}
      </div>
    </article>
  );
}

/** A player for as long as this clip of the consult stands there. */
export function useReplayedClip(consult: ConsultPlayer, clip: ClipId | null): ClipPlayer | null {
  const player = useMemo(() => {
    if (clip === null) return null;
    const marks = computed(() => consult.story.value?.end.marks ?? []);
    return new ClipPlayer({ ...consult.place, clip, isReplayed: true }, marks, true);
  }, [consult, clip]);
  useEffect(() => () => player?.close(), [player]);
  return player;
}
