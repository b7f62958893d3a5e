// The scale of the frozen picture: who says how large its pixels are, and how a person says it for a video.

import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/i18n";
import { m } from "../i18n/measure";
import type { Desk } from "../live/desk";
import { depthWords, sourceWords } from "../live/measure-words";
import { whyNotCalibrate } from "../live/why";
import { fromMarkedScale } from "../measure/gauge";
import type { Refusal } from "../measure/refusal";

export function MeasureScale({ desk }: { desk: Desk }) {
  const now = desk.measuring.now();
  if (now === null) return null;
  const { gauge, isBefore } = now;
  const { scale } = gauge;
  if (scale.type === "regions")
    return (
      <p class="measure__scale" data-testid="measure-scale">
        {sourceWords(gauge, null)}
      </p>
    );
  return (
    <section class="measure__scale" aria-label={m("measure.scale")} data-testid="measure-scale">
      {scale.type === "depth" ? (
        <>
          <p>{depthWords(scale)}</p>
          <p class="quiet">{m("measure.depthMore")}</p>
        </>
      ) : (
        <p>
          <strong>px {t("measure.uncalibrated")}</strong>{" "}
          <span class="quiet">{m(isBefore ? "measure.beforeScale" : "measure.uncalibratedMore")}</span>
        </p>
      )}
      <div class="measure__row">
        <CalibrateButton desk={desk} again={scale.type === "depth"} />
        {scale.type === "depth" && (
          <button
            type="button"
            class="button"
            data-testid="withdraw-scale"
            onClick={() => desk.consult.withdrawCalibration(scale.by.scale.id)}
          >
            {m("measure.withdrawScale")}
          </button>
        )}
      </div>
    </section>
  );
}

function CalibrateButton({ desk, again }: { desk: Desk; again: boolean }) {
  const { measuring, hand } = desk;
  const why = whyNotCalibrate(desk);
  return (
    <button
      type="button"
      class="button"
      aria-pressed={hand.tool.value === "measure" && measuring.task.value.type === "calibrate"}
      aria-disabled={why !== null}
      title={why ?? undefined}
      data-testid="calibrate"
      onClick={() => {
        if (why !== null) {
          desk.explain(why);
          return;
        }
        hand.choose("measure");
        measuring.choose({ type: "calibrate" });
      }}
    >
      {m(again ? "measure.calibrateAgain" : "measure.calibrate")}
    </button>
  );
}

/** Asks for the centimetres between the two points, and refuses at once what the relay would refuse. */
export function CalibrateForm({ desk }: { desk: Desk }) {
  const input = useRef<HTMLInputElement>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const done = () => {
    const { measuring } = desk;
    const [from, to] = measuring.draft.peek()?.points ?? [];
    const gauge = measuring.now()?.gauge;
    if (from === undefined || to === undefined || gauge === undefined) return;
    // A comma is a decimal sign to many; the field gives what was typed.
    const centimetres = Number((input.current?.value ?? "").replace(",", "."));
    const { width, height } = gauge;
    const marked = fromMarkedScale({ width, height, from, to, centimetres });
    if (marked.type === "refused") setRefusal(marked.refusal);
    else measuring.calibrate(centimetres);
  };
  return (
    <form
      class="measure__row"
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <label for="scale-cm">{m("measure.centimetres")}</label>
      <input
        ref={input}
        id="scale-cm"
        class="field measure__number"
        type="text"
        inputMode="decimal"
        autoComplete="off"
        data-testid="scale-cm"
      />
      <button type="submit" class="button button--primary" data-testid="scale-done">
        {m("measure.calibrateDone")}
      </button>
      {refusal !== null && <p role="alert">{m(`measure.refusal.${refusal}`)}</p>}
    </form>
  );
}
