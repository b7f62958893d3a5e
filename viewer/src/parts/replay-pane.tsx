// One recorded clip on the page: the words that say so, the picture with its marks, and its position.
//
// Puts the player's canvas into the page and the stage over it; decides nothing. Invariant: the words, the border and the
// number of the frame are always in sight, also while the picture is zoomed.

import { effect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Beside } from "../clip/beside";
import { Grip } from "../clip/grip";
import { pressKey } from "../clip/keys";
import { ClipMeasuring } from "../clip/measuring";
import type { ClipPlayer } from "../clip/player";
import { tc } from "../i18n/clip-words";
import { clockTime, t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { valueWords } from "../live/measure-words";
import { valuesOf } from "../live/scene";
import { StageInput } from "../stage/input";
import { Stage } from "../stage/stage";
import { type View, WHOLE } from "../stage/view";
import type { MarkState } from "../wire/socket";
import { LazyReplayMeasure } from "./lazy-measure";
import { ReplayNews } from "./replay-news";
import { Scrubber } from "./replay-scrubber";
import { ReplayValues } from "./replay-values";
import { viewWords } from "./save-news";

export type PaneProps = {
  readonly desk: Desk;
  readonly player: ClipPlayer;
  readonly beside: Beside | null;
  readonly onClose: () => void;
  readonly onStage?: (stage: Stage | null) => void;
  readonly children?: ComponentChildren;
};

export function ReplayPane({ desk, player, beside, onClose, onStage, children }: PaneProps) {
  const layers = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const [view, setView] = useState<View>(WHOLE);
  const measuring = useMemo(
    () =>
      new ClipMeasuring(player, {
        stage: () => stage.current,
        explain: () => desk.explain(tc("replay.measureStanding")),
        explainFull: () => desk.explain(t("measure.full")),
        words: valueWords,
        isOn: () => desk.measuring.isOn,
      }),
    [desk, player],
  );
  useEffect(() => () => measuring.close(), [measuring]);
  useEffect(() => {
    const host = layers.current;
    const canvas = ink.current;
    if (host === null || canvas === null) return undefined;
    host.prepend(player.canvas);
    const made = new Stage(canvas, [player.canvas], setView);
    const input = new StageInput(made, new Grip(made, measuring));
    const stops = [
      effect(() => made.setPicture(player.size.value)),
      effect(() => {
        const marks = marksOf(player);
        made.show({
          marks,
          selected: null,
          sketches: [],
          pointers: [],
          cursor: null,
          staleTag: t("stage.drawnOnStale"),
          values: valuesOf(desk.measuring, marks),
          ...measuring.scene.value,
        });
      }),
    ];
    stage.current = made;
    onStage?.(made);
    return () => {
      for (const stop of stops) stop();
      input.close();
      made.close();
      stage.current = null;
      onStage?.(null);
    };
  }, [player, measuring]);
  const driver = beside === null || beside.pairing.value === "apart" ? player : beside.leader;
  return (
    <article
      class="replay__pane"
      data-testid="replay-pane"
      data-clip={player.place.clip}
      // Keys on this picture act on it, and go no further.
      onKeyDown={(event) => pressKey(event, player, stage.current, driver, measuring)}
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
      <ReplayValues desk={desk} marks={marksOf(player)} />
      <Scrubber player={player} beats={beside?.beats(player).value ?? []} />
      <div class="replay__row">
        <ReplayNews player={player} />
        {desk.measuring.isOn && (
          <button
            type="button"
            class="button"
            aria-pressed={measuring.inHand.value}
            data-testid="replay-measure"
            onClick={() => measuring.toggle()}
          >
            {t("tool.measure")}
          </button>
        )}
        {beside?.pairing.value === "phase" && <Beats beside={beside} player={player} />}
        {children}
      </div>
      {desk.measuring.isOn && <LazyReplayMeasure measuring={measuring} isPaired={beside !== null} />}
    </article>
  );
}

/** The marks of the consult on the frame that is shown. */
function marksOf(player: ClipPlayer): readonly MarkState[] {
  const index = player.shown.value;
  return (index === null ? undefined : player.marks.value.get(index)) ?? [];
}

function Strip({ player, zoom, onClose }: { player: ClipPlayer; zoom: number; onClose: () => void }) {
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

/** Where the heart begins its beats in this clip. */
function Beats({ beside, player }: { beside: Beside; player: ClipPlayer }) {
  const beats = beside.beats(player).value ?? [];
  const table = player.table.value;
  const index = player.shown.value;
  const isBeat = table !== null && index !== null && beats.includes(table.atUs(index));
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
