// The covered areas over the preview: dragged with a finger, pen or mouse, moved and sized with keys.
//
// Areas are in force as soon as they are drawn; only showing one again asks first, in the list.

import { type Signal, useSignal } from "@preact/signals";
import { MAX_MASK_RECTANGLES } from "../wire/constants";
import type { DeviceState, MaskRectangle } from "../wire/device";
import type { Desk } from "./desk";
import { changed, dragged, type Point, replaced, type Side, STEP } from "./rectangles";
import { say } from "./say";

type Props = { readonly desk: Desk; readonly state: DeviceState; readonly chosen: Signal<number | null> };

const ARROWS: Readonly<Record<string, readonly [Side, Side, number]>> = {
  ArrowLeft: ["x", "width", -STEP],
  ArrowRight: ["x", "width", STEP],
  ArrowUp: ["y", "height", -STEP],
  ArrowDown: ["y", "height", STEP],
};

export function MaskStage({ desk, state, chosen }: Props) {
  const from = useSignal<Point | null>(null);
  const draft = useSignal<MaskRectangle | null>(null);
  const at = (event: PointerEvent): Point => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const down = (event: PointerEvent) => {
    if (!event.isPrimary || event.button !== 0 || state.mask.length >= MAX_MASK_RECTANGLES) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    from.value = at(event);
  };
  const move = (event: PointerEvent) => {
    if (from.value !== null) draft.value = dragged(from.value, at(event));
  };
  const up = (event: PointerEvent) => {
    const drawn = from.value === null ? null : dragged(from.value, at(event));
    from.value = null;
    draft.value = null;
    if (drawn === null) return;
    chosen.value = state.mask.length;
    void desk.cover([...state.mask, drawn]);
  };
  const cancel = () => {
    from.value = null;
    draft.value = null;
  };
  const key = (event: KeyboardEvent, index: number) => {
    const arrow = ARROWS[event.key];
    const one = desk.state.value?.mask[index];
    if (arrow === undefined || one === undefined) return;
    event.preventDefault();
    const [moves, sizes, by] = arrow;
    const next = changed(one, event.shiftKey ? sizes : moves, by);
    void desk.cover(replaced(desk.state.value?.mask ?? [], index, next));
  };
  return (
    <div
      class="maskstage"
      data-testid="mask-stage"
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={cancel}
    >
      {state.mask.map((one, index) => (
        <button
          type="button"
          key={String(index)}
          class="maskarea"
          style={placed(one)}
          aria-pressed={chosen.value === index}
          onClick={() => {
            chosen.value = index;
          }}
          onKeyDown={(event) => key(event, index)}
        >
          <span class="maskarea__name">{say("mask.one", { number: index + 1 })}</span>
        </button>
      ))}
      {draft.value !== null && <div class="maskarea maskarea--draft" style={placed(draft.value)} />}
    </div>
  );
}

const percent = (fraction: number) => `${fraction * 100}%`;

function placed({ x, y, width, height }: MaskRectangle) {
  return {
    insetInlineStart: percent(x),
    insetBlockStart: percent(y),
    inlineSize: percent(width),
    blockSize: percent(height),
  };
}
