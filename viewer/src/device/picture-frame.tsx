// The preview with its frame: LIVE, FROZEN or STALE in words and form, and the covered areas while they are edited.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { DeviceState } from "../wire/device";
import type { MarkState } from "../wire/socket";
import type { Desk } from "./desk";
import { MarksOverlay } from "./marks-overlay";
import { MaskStage } from "./mask-stage";
import { Preview } from "./preview";
import { say } from "./say";
import type { ScaleDraft } from "./scale";
import { ScaleStage } from "./scale-stage";

/** A picture that did not change for so long is stale: three frames of the slowest source that is usual. */
const STALE_AFTER_MS = 1_500;

type Props = {
  readonly desk: Desk;
  readonly state: DeviceState;
  /** Marks of the consult that belong over the picture now. */
  readonly seen: readonly MarkState[];
  readonly covering: boolean;
  readonly chosen: Signal<number | null>;
  readonly scaling: boolean;
  readonly draft: Signal<ScaleDraft>;
};

export function PictureFrame({ desk, state, seen, covering, chosen, scaling, draft }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const preview = useSignal<Preview | null>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const running = new Preview(desk, canvas.current);
    preview.value = running;
    return () => running.end();
  }, [desk, preview]);
  const size = preview.value?.size.value ?? null;
  const scene = sceneOf(desk, state, preview.value, size !== null);
  return (
    <section class="pictureframe" aria-label={say("scene.label")} data-scene={scene.name}>
      <div class="pictureframe__strip" role="status">
        <strong class="pictureframe__word">{scene.word}</strong>
        <span class="pictureframe__more">{scene.more}</span>
        <span class="pictureframe__numbers" aria-live="off">
          {figures(state).map((words) => (
            <span key={words}>{words}</span>
          ))}
        </span>
      </div>
      <div class="pictureframe__black">
        <div
          class="pictureframe__box"
          style={{ "--wide": size?.width ?? 4, "--high": size?.height ?? 3 }}
          data-testid="preview-box"
        >
          <canvas
            ref={canvas}
            class="pictureframe__canvas"
            data-testid="preview"
            data-frame={preview.value?.frame.value ?? ""}
          />
          {/* While areas are edited nothing else is over the picture. */}
          {!covering && desk.marks.wanted.value && size !== null && (
            <MarksOverlay marks={desk.marks} seen={seen} />
          )}
          {!covering && scaling && size !== null && canScale(state) && (
            <ScaleStage draft={draft} picture={size} />
          )}
          {covering && size !== null && <MaskStage desk={desk} state={state} chosen={chosen} />}
        </div>
        {size === null && <p class="pictureframe__empty">{say("scene.noneMore")}</p>}
      </div>
    </section>
  );
}

/** A file that states its scale is not overruled by hand. */
const canScale = ({ frozen }: DeviceState) => frozen !== null && !frozen.scaleStated;

type Scene = {
  readonly name: "live" | "frozen" | "stale" | "none";
  readonly word: string;
  readonly more: string;
};

function sceneOf(desk: Desk, state: DeviceState, preview: Preview | null, hasPicture: boolean): Scene {
  if (preview === null || !hasPicture) return { name: "none", word: say("scene.none"), more: "" };
  if (state.frozen !== null) {
    const more = say("scene.frozenMore", { frame: state.frozen.index + 1 });
    return { name: "frozen", word: say("scene.frozen"), more };
  }
  const silentMs = Math.max(state.newest?.ageMs ?? 0, performance.now() - preview.paintedAt);
  if (silentMs > STALE_AFTER_MS || desk.access.value === "away") {
    const more = say("scene.staleMore", { seconds: Math.floor(silentMs / 1000) });
    return { name: "stale", word: say("scene.stale"), more };
  }
  return { name: "live", word: say("scene.live"), more: "" };
}

function figures({ newest, source, frozen }: DeviceState): string[] {
  if (newest === null || frozen !== null) return [];
  return [say("scene.age", { ms: newest.ageMs }), say("scene.fps", { fps: source.fps })];
}
