// The two ends of the depth scale over the frozen picture: dragged or tapped, moved by arrow keys.

import { type Signal, useSignal } from "@preact/signals";
import { exactPoint, type Size } from "../stage/points";
import { say } from "./say";
import { dragged, nudged, pressed, type ScaleDraft } from "./scale";

/** Arrow keys move by one pixel, with Shift by ten. */
const FAR_PX = 10;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Props = { readonly draft: Signal<ScaleDraft>; readonly picture: Size };

export function ScaleStage({ draft, picture }: Props) {
  const down = useSignal(false);
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return exactPoint((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const press = (event: PointerEvent) => {
    if (!event.isPrimary || event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    down.value = true;
    draft.value = pressed(draft.value, at(event));
  };
  const move = (event: PointerEvent) => {
    if (down.value) draft.value = dragged(draft.value, at(event));
  };
  const lift = () => {
    down.value = false;
  };
  const key = (event: KeyboardEvent, index: 0 | 1) => {
    const arrow = ARROWS[event.key];
    if (arrow === undefined) return;
    event.preventDefault();
    const by = event.shiftKey ? FAR_PX : 1;
    draft.value = nudged({ ...draft.value, active: index }, arrow[0] * by, arrow[1] * by, picture);
  };
  const [from, to] = draft.value.ends;
  return (
    <div
      class="scalestage"
      data-testid="scale-stage"
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={lift}
      onPointerCancel={lift}
    >
      {from !== undefined && to !== undefined && (
        <svg class="scalestage__line" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <line class="scalestage__halo" x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
          <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
        </svg>
      )}
      {draft.value.ends.map((end, index) => (
        <button
          type="button"
          key={String(index)}
          class="scaleend"
          style={{ insetInlineStart: `${end.x * 100}%`, insetBlockStart: `${end.y * 100}%` }}
          aria-label={say("scale.end", { number: index + 1 })}
          aria-pressed={draft.value.active === index}
          onKeyDown={(event) => key(event, index === 0 ? 0 : 1)}
        />
      ))}
    </div>
  );
}
