// One recorded clip on the page: the words that say so, the picture with its marks, and its controls.
//
// Puts the player's canvas into the page and the stage over it; decides nothing. Invariant: the words, the border and the number of the frame are
// always in sight, also while it is zoomed.

import { effect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Beside } from "../clip/beside";
import { Grip } from "../clip/grip";
import { pressKey } from "../clip/keys";
import type { ClipPlayer } from "../clip/player";
import { tc } from "../i18n/clip-words";
import { clockTime, t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { StageInput } from "../stage/input";
import { Stage } from "../stage/stage";
import { type View, WHOLE } from "../stage/view";
import { ReplayControls } from "./replay-controls";
import { ReplayNews } from "./replay-news";
import { Scrubber } from "./replay-scrubber";
import { viewWords } from "./save-news";

export type PaneProps = {
  readonly desk: Desk;
  readonly player: ClipPlayer;
  readonly beside: Beside | null;
  readonly onClose: () => void;
  /** Whether the keyboard goes here when it opens. */
  readonly takesFocus?: boolean;
  readonly children?: ComponentChildren;
};

export function ReplayPane({ desk, player, beside, onClose, takesFocus = false, children }: PaneProps) {
  const root = useRef<HTMLElement>(null);
  const layers = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  const [stage, setStage] = useState<Stage | null>(null);
  const [view, setView] = useState<View>(WHOLE);
  useEffect(() => {
    const host = layers.current;
    const canvas = ink.current;
    if (host === null || canvas === null) return undefined;
    host.prepend(player.canvas);
    const made = new Stage(canvas, [player.canvas], setView);
    const input = new StageInput(made, new Grip(made));
    const stops = [
      effect(() => made.setPicture(player.size.value)),
      effect(() => {
        const index = player.shown.value;
        made.show({
          marks: (index === null ? undefined : player.marks.value.get(index)) ?? [],
          selected: null,
          sketches: [],
          pointers: [],
          cursor: null,
          staleTag: t("stage.drawnOnStale"),
        });
      }),
    ];
    setStage(made);
    return () => {
      for (const stop of stops) stop();
      input.close();
      made.close();
    };
  }, [player]);
  useEffect(() => {
    if (takesFocus) root.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  return (
    <section
      ref={root}
      class="replay__pane"
      aria-label={tc("replay.title")}
      tabIndex={-1}
      data-testid="replay-pane"
      data-clip={player.place.clip}
      onKeyDown={(event) => pressKey(event, player, stage)}
    >
      <div class="replay__frame">
        <Strip player={player} zoom={view.zoom} onClose={onClose} />
        <div class="frame__stage" ref={layers}>
          <canvas
            ref={ink}
            class="frame__ink replay__ink"
            tabIndex={0}
            role="img"
            aria-label={tc("replay.stage")}
            data-testid="replay-stage"
          />
        </div>
      </div>
      <ReplayNews player={player} />
      <Scrubber player={player} beats={beside?.beats(player).value ?? []} />
      <ReplayControls desk={desk} player={player} beside={beside} stage={stage}>
        {children}
      </ReplayControls>
    </section>
  );
}

function Strip({ player, zoom, onClose }: { player: ClipPlayer; zoom: number; onClose: () => void }) {
  const table = player.table.value;
  const index = player.shown.value;
  const view = table?.head.view;
  return (
    <div class="replay__strip">
      <p class="replay__title">
        <strong class="replay__recorded">{tc("replay.recorded")}</strong>{" "}
        {table !== null && (
          <span class="replay__more">
            {tc("replay.recordedMore", { time: clockTime(table.head.takenAt, true) })}
          </span>
        )}
      </p>
      {table !== null && (
        <p class="replay__view">
          {view === undefined ? tc("replay.noView") : tc("replay.view", { view: viewWords(view) })}
        </p>
      )}
      {table !== null && index !== null && (
        <p class="replay__number" data-testid="replay-number">
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
