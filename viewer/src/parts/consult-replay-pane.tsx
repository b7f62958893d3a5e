// One consult on the page: the words that say what is seen, the picture, and the marks over it.
//
// Puts the player's canvas into the page and the stage over it; decides nothing. Invariant: that it is a record, and what of it is
// on the glass, stands in words beside the picture at every moment.

import { effect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { tp } from "../i18n/consult-replay";
import { clockTime, t } from "../i18n/i18n";
import { valueWords } from "../live/measure-words";
import { answer } from "../measure/answer";
import type { ConsultPlayer } from "../replay/player";
import { type Hand, StageInput } from "../stage/input";
import type { StagePoint } from "../stage/points";
import { type ScenePointer, Stage } from "../stage/stage";
import type { AnnotationId } from "../wire/ids";
import type { MarkState } from "../wire/socket";

type Props = {
  readonly player: ConsultPlayer;
  readonly label: string | null;
  readonly onStage?: (stage: Stage | null) => void;
  readonly children?: ComponentChildren;
};

export function ConsultPane({ player, label, onStage, children }: Props) {
  const layers = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const host = layers.current;
    const canvas = ink.current;
    if (host === null || canvas === null) return undefined;
    host.prepend(player.canvas);
    const stage = new Stage(canvas, [player.canvas], () => undefined);
    const input = new StageInput(stage, new MovingHand(stage));
    const stops = [
      effect(() => stage.setPicture(player.size.value)),
      effect(() => stage.show(sceneOf(player.marks.value, player.pointers.value))),
    ];
    onStage?.(stage);
    return () => {
      for (const stop of stops) stop();
      input.close();
      stage.close();
      onStage?.(null);
    };
  }, [player]);
  const glass = player.glass.value;
  const { what } = glass;
  return (
    <article
      class="replay__pane past__pane"
      data-testid="past-pane"
      data-glass={what}
      data-settled={glass.what !== "frame" || glass.isSettled}
      data-marks={player.marks.value.length}
      data-pointers={player.pointers.value.length}
    >
      <div class="replay__frame">
        <Strip player={player} label={label} />
        <div class="frame__stage past__stage" ref={layers}>
          <canvas
            ref={ink}
            class="frame__ink replay__ink"
            tabIndex={0}
            role="img"
            aria-label={tp("past.stage")}
            data-testid="past-stage"
          />
          {(what === "hole" || what === "none" || what === "coming") && <Instead player={player} />}
        </div>
      </div>
      {children}
    </article>
  );
}

/** A hand that moves what is zoomed and changes nothing. */
class MovingHand implements Hand {
  #at: StagePoint | null = null;

  constructor(readonly stage: Stage) {}

  press(at: StagePoint): void {
    this.#at = at;
  }

  drag(at: readonly StagePoint[]): void {
    const to = at.at(-1);
    if (to === undefined || this.#at === null) return;
    this.stage.pan(to.x - this.#at.x, to.y - this.#at.y);
    this.#at = to;
  }

  lift(): void {
    this.#at = null;
  }

  cancel(): void {
    this.#at = null;
  }

  hover(): void {
    // A record has no pointer that others see.
  }
}

function sceneOf(marks: readonly MarkState[], pointers: readonly ScenePointer[]) {
  return {
    marks,
    selected: null,
    sketches: [],
    pointers,
    cursor: null,
    staleTag: t("stage.drawnOnStale"),
    values: valuesOf(marks),
    measuring: null,
  };
}

/** The values beside measuring marks, from what they were measured with. */
function valuesOf(marks: readonly MarkState[]): ReadonlyMap<AnnotationId, string> {
  const values = new Map<AnnotationId, string>();
  for (const { mark, gauge } of marks) {
    if (mark.shape.type !== "measure" || gauge === undefined) continue;
    const words = valueWords(answer(mark.shape.what, mark.shape.points, gauge));
    if (words !== null) values.set(mark.id, words);
  }
  return values;
}

function Strip({ player, label }: { player: ConsultPlayer; label: string | null }) {
  const freeze = player.moment.value?.state.freeze ?? null;
  const author = freeze?.author.type === "relay" ? null : freeze?.author.name;
  return (
    <div class="replay__strip">
      <p>
        {label !== null && <strong>{label} </strong>}
        <strong class="replay__recorded">{tp("past.recorded")}</strong>{" "}
        <span class="replay__notnow">{tp("past.notNow")}</span>
      </p>
      <p data-testid="past-glass" aria-live="off">
        {glassWords(player)}
      </p>
      {freeze !== null && player.chosen.value === null && (
        <p class="past__frozen" data-testid="past-frozen">
          {tp("past.frozenBy", { name: author ?? t("stage.someone") })}
        </p>
      )}
      <Time player={player} />
    </div>
  );
}

/** By itself, because it changes with every picture. */
function Time({ player }: { player: ConsultPlayer }) {
  return (
    <time class="past__time" data-testid="past-time">
      {clockTime(player.at.value, true)}
    </time>
  );
}

function glassWords(player: ConsultPlayer): string {
  const glass = player.glass.value;
  if (glass.what === "original") return tp("past.original");
  if (glass.what !== "frame") return "";
  if (player.chosen.value !== null) return tp("past.chosen");
  return tp(glass.isFilled ? "past.filled" : "past.frame");
}

/** What stands where there is no picture: a frame from before would be read as one of this moment. */
function Instead({ player }: { player: ConsultPlayer }) {
  const glass = player.glass.value;
  const isEmpty = (player.about.value?.pictures.length ?? 0) === 0;
  const words = () => {
    if (player.about.value === null) return tp("past.loading");
    if (glass.what === "coming")
      return glass.percent === null
        ? tp("past.coming")
        : tp("past.comingPercent", { percent: glass.percent });
    if (player.trouble.value === "noVideo") return tp("past.trouble.noVideo");
    if (isEmpty) return tp((player.story.value?.entries.length ?? 0) > 0 ? "past.none" : "past.empty");
    return tp("past.hole");
  };
  return (
    <p class="past__instead" data-solid={glass.what !== "coming"} data-testid="past-instead">
      {words()}
    </p>
  );
}
