// Calibration of a source that states no scale: two ends on the depth scale of the frozen picture, and the centimetres between.
// What was marked in the consult stands here too. Where nobody measures there is no such part.

import { type Signal, useSignal } from "@preact/signals";
import { language } from "../i18n/language";
import type { DeviceScale, DeviceState } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";
import { centimetresOf, EMPTY, nudged, pixelsOf, type ScaleDraft } from "./scale";

type Props = {
  readonly desk: Desk;
  readonly state: DeviceState;
  readonly scaling: Signal<boolean>;
  readonly draft: Signal<ScaleDraft>;
};

export function ScalePart({ desk, state, scaling, draft }: Props) {
  const { scale } = state;
  return (
    <details
      class="part"
      onToggle={(event) => {
        scaling.value = event.currentTarget.open;
      }}
    >
      <summary class="part__head" data-testid="scale-part">
        {say("scale")}
      </summary>
      {scale === null ? (
        <p>{say("scale.none")}</p>
      ) : (
        <>
          <p data-testid="scale-now">
            <strong>{say("scale.now", { centimetres: scale.centimetres })}</strong>{" "}
            {scale.by === null
              ? say("scale.setHere", { time: timeOf(scale) })
              : say("scale.setInConsult", { name: scale.by, time: timeOf(scale) })}
          </p>
          <button
            type="button"
            class="button"
            onClick={() => void desk.withdrawScale()}
            data-testid="scale-withdraw"
          >
            {say("scale.withdraw")}
          </button>
        </>
      )}
      <p class="quiet">{say("scale.warn")}</p>
      <Marking desk={desk} state={state} draft={draft} />
    </details>
  );
}

function Marking({ desk, state, draft }: Omit<Props, "scaling">) {
  const typed = useSignal("");
  const { frozen, newest } = state;
  if ((frozen ?? newest)?.scaleStated) return <p>{say("scale.stated")}</p>;
  if (frozen === null)
    return (
      <>
        <p>{say("scale.freezeFirst")}</p>
        <button
          type="button"
          class="button"
          disabled={newest === null}
          onClick={() => void desk.freezeOrRelease()}
        >
          {say("freeze")}
        </button>
      </>
    );
  const pixels = pixelsOf(draft.value, state.source);
  const centimetres = centimetresOf(typed.value);
  const confirm = async () => {
    const [from, to] = draft.value.ends;
    if (from === undefined || to === undefined || centimetres === null) return;
    if (!(await desk.calibrate({ rtpTime: frozen.rtpTime, from, to, centimetres }))) return;
    draft.value = EMPTY;
    typed.value = "";
  };
  return (
    <form
      class="scaleform"
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      <p>{say("scale.how")}</p>
      {draft.value.ends.length > 0 && <Nudges draft={draft} state={state} />}
      <label class="scaleform__cm">
        {say("scale.centimetres")}
        <input
          class="field"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          data-testid="scale-cm"
        />
      </label>
      <button
        type="submit"
        class="button button--primary"
        disabled={pixels === null || centimetres === null}
        data-testid="scale-done"
      >
        {say("scale.done")}
      </button>
      <p class="quiet">{say("scale.effect")}</p>
    </form>
  );
}

const STEPS = [
  ["left", "←", -1, 0],
  ["up", "↑", 0, -1],
  ["down", "↓", 0, 1],
  ["right", "→", 1, 0],
] as const;

/** What a drag or the arrow keys do, by taps. */
function Nudges({ draft, state }: { draft: Signal<ScaleDraft>; state: DeviceState }) {
  return (
    <div class="scaleform__nudges">
      <fieldset class="chips">
        <legend class="unseen">{say("scale.ends")}</legend>
        {draft.value.ends.map((_, index) => (
          <label class="chip" key={String(index)}>
            <input
              type="radio"
              name="scale-end"
              checked={draft.value.active === index}
              onChange={() => {
                draft.value = { ...draft.value, active: index === 0 ? 0 : 1 };
              }}
            />
            {say("scale.end", { number: index + 1 })}
          </label>
        ))}
      </fieldset>
      <p class="part__row">
        {STEPS.map(([name, arrow, dx, dy]) => (
          <button
            type="button"
            class="button"
            key={name}
            aria-label={say(`scale.${name}`)}
            onClick={() => {
              draft.value = nudged(draft.value, dx, dy, state.source);
            }}
          >
            {arrow}
          </button>
        ))}
        <button
          type="button"
          class="button button--quiet"
          onClick={() => {
            draft.value = EMPTY;
          }}
        >
          {say("scale.again")}
        </button>
      </p>
    </div>
  );
}

function timeOf({ setAt }: DeviceScale): string {
  const form = { month: "numeric", day: "numeric", hour: "numeric", minute: "2-digit" } as const;
  return new Intl.DateTimeFormat(language.value, form).format(setAt / 1000);
}
