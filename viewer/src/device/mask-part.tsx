// The list of covered areas: every drag has a tap way, and showing an area again needs a second, differently placed button.

import { type Signal, useSignal } from "@preact/signals";
import { MAX_MASK_RECTANGLES } from "../wire/constants";
import type { DeviceState, MaskRectangle } from "../wire/device";
import type { Desk } from "./desk";
import { band, block, changed, replaced, type Side, STEP } from "./rectangles";
import { say } from "./say";

type Props = {
  readonly desk: Desk;
  readonly state: DeviceState;
  readonly covering: Signal<boolean>;
  readonly chosen: Signal<number | null>;
};

const SIDES: readonly Side[] = ["x", "y", "width", "height"];

export function MaskPart({ desk, state, covering, chosen }: Props) {
  const { mask } = state;
  const full = mask.length >= MAX_MASK_RECTANGLES;
  const add = (one: MaskRectangle) => {
    chosen.value = mask.length;
    void desk.cover([...mask, one]);
  };
  return (
    <details
      class="part"
      onToggle={(event) => {
        covering.value = event.currentTarget.open;
      }}
    >
      <summary class="part__head">
        <span>{say("mask")}</span>
        <span class="part__count">{mask.length}</span>
      </summary>
      <p>{say("mask.how")}</p>
      <p class="quiet">{say("mask.lost")}</p>
      {full ? (
        <p class="quiet">{say("mask.full")}</p>
      ) : (
        <p class="part__row">
          <button type="button" class="button" onClick={() => add(band())}>
            {say("mask.band")}
          </button>
          <button type="button" class="button" onClick={() => add(block())}>
            {say("mask.add")}
          </button>
        </p>
      )}
      {mask.length === 0 && <p>{say("mask.none")}</p>}
      <ul class="masklist">
        {mask.map((one, index) => (
          <li key={String(index)}>
            <button
              type="button"
              class="button masklist__name"
              aria-pressed={chosen.value === index}
              onClick={() => {
                chosen.value = chosen.value === index ? null : index;
              }}
            >
              {say("mask.one", { number: index + 1 })}
            </button>
            {chosen.value === index && (
              <Area desk={desk} mask={mask} one={one} index={index} chosen={chosen} />
            )}
          </li>
        ))}
      </ul>
      {mask.length > 0 && <p class="quiet">{say("mask.keys")}</p>}
      <label class="switch">
        <input
          type="checkbox"
          checked={state.maskChecked}
          disabled={state.source.width === 0}
          onChange={(event) => void desk.cover(mask, event.currentTarget.checked)}
          data-testid="mask-checked"
        />
        <span class="switch__track" aria-hidden="true" />
        <span>{say("mask.checked")}</span>
      </label>
      <p class="quiet">{say("mask.checkedEffect")}</p>
    </details>
  );
}

type AreaProps = {
  readonly desk: Desk;
  readonly mask: readonly MaskRectangle[];
  readonly one: MaskRectangle;
  readonly index: number;
  readonly chosen: Signal<number | null>;
};

function Area({ desk, mask, one, index, chosen }: AreaProps) {
  const asking = useSignal(false);
  const put = (next: MaskRectangle) => void desk.cover(replaced(mask, index, next));
  return (
    <div class="area">
      {SIDES.map((side) => (
        <p class="area__side" key={side}>
          <span class="area__name">{say(`mask.${side}`)}</span>
          <button
            type="button"
            class="button"
            aria-label={say("mask.less", { what: say(`mask.${side}`) })}
            onClick={() => put(changed(one, side, -STEP))}
          >
            −
          </button>
          <input
            class="field area__number"
            type="number"
            min="0"
            max="100"
            step="0.5"
            aria-label={say(`mask.${side}`)}
            value={(one[side] * 100).toFixed(1)}
            onChange={(event) => {
              const wanted = event.currentTarget.valueAsNumber / 100;
              if (Number.isFinite(wanted)) put(changed(one, side, wanted - one[side]));
            }}
          />
          <button
            type="button"
            class="button"
            aria-label={say("mask.more", { what: say(`mask.${side}`) })}
            onClick={() => put(changed(one, side, STEP))}
          >
            +
          </button>
        </p>
      ))}
      {asking.value ? (
        <p class="area__ask">
          <button
            type="button"
            class="button button--primary"
            onClick={() => {
              asking.value = false;
            }}
          >
            {say("mask.keep")}
          </button>
          <button
            type="button"
            class="button area__sure"
            onClick={() => {
              chosen.value = null;
              void desk.cover(replaced(mask, index, null));
            }}
          >
            {say("mask.showSure")}
          </button>
        </p>
      ) : (
        <button
          type="button"
          class="button"
          onClick={() => {
            asking.value = true;
          }}
        >
          {say("mask.show")}
        </button>
      )}
    </div>
  );
}
