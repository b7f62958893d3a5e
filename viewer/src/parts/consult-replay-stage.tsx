// A recorded picture with marks over it, that can be zoomed and moved and nothing else.
//
// Puts a player's canvas into the page and the stage over it. Called by the panes of the replay of consults.

import { effect, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { tp } from "../i18n/consult-replay";
import { t } from "../i18n/i18n";
import { valueWords } from "../live/measure-words";
import { answer } from "../measure/answer";
import { type Hand, StageInput } from "../stage/input";
import type { Size, StagePoint } from "../stage/points";
import { type ScenePointer, Stage } from "../stage/stage";
import { WHOLE } from "../stage/view";
import type { AnnotationId } from "../wire/ids";
import type { MarkState } from "../wire/socket";

type StageProps = {
  readonly picture: { readonly canvas: HTMLCanvasElement; readonly size: ReadonlySignal<Size | null> };
  /** Read anew when a signal in it changes. */
  readonly marks: () => readonly MarkState[];
  readonly pointers: () => readonly ScenePointer[];
  readonly onStage?: ((stage: Stage | null) => void) | undefined;
  readonly onZoom?: (zoom: number) => void;
  readonly children?: ComponentChildren;
};

export function RecordedStage({ picture, marks, pointers, onStage, onZoom, children }: StageProps) {
  const layers = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const host = layers.current;
    const canvas = ink.current;
    if (host === null || canvas === null) return undefined;
    host.prepend(picture.canvas);
    const stage = new Stage(canvas, [picture.canvas], (view) => onZoom?.(view.zoom));
    const input = new StageInput(stage, new MovingHand(stage));
    const stops = [
      effect(() => stage.setPicture(picture.size.value)),
      effect(() => stage.show(sceneOf(marks(), pointers()))),
    ];
    onStage?.(stage);
    return () => {
      for (const stop of stops) stop();
      input.close();
      stage.close();
      onStage?.(null);
    };
  }, [picture]);
  return (
    <div class="frame__stage past__stage" ref={layers}>
      <canvas
        ref={ink}
        class="frame__ink replay__ink"
        tabIndex={0}
        role="img"
        aria-label={tp("past.stage")}
        data-testid="past-stage"
      />
      {children}
    </div>
  );
}

/** How much a picture is enlarged, for whoever says so beside it. */
export function useZoom(): readonly [number, (zoom: number) => void] {
  return useState(WHOLE.zoom);
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
