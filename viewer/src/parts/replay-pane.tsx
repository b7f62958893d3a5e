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
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { valueWords } from "../live/measure-words";
import { valuesOf } from "../live/scene";
import { StageInput } from "../stage/input";
import { Stage } from "../stage/stage";
import { type View, WHOLE } from "../stage/view";
import type { MarkState } from "../wire/socket";
import { LazyReplayMeasure } from "./lazy-measure";
import { Beats } from "./replay-beats";
import { ReplayNews } from "./replay-news";
import { Scrubber } from "./replay-scrubber";
import { ReplayStrip } from "./replay-strip";
import { ReplayValues } from "./replay-values";

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
        <ReplayStrip player={player} zoom={view.zoom} onClose={onClose} />
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
