// 計測: what can be measured, the measurement in the making, the scale, and what was measured.
//
// Loaded when somebody opens it. Shows and calls the desk's intents; values come from `measure/`. Invariant: every value
// stands with its unit, the source of its scale and its frame, and every drag has a button beside it.

import { useEffect } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { whyNotMeasure } from "../live/why";
import { MeasureDraft } from "./measure-draft";
import { MeasureKinds } from "./measure-kinds";
import { MeasureResults } from "./measure-results";
import { CalibrateForm, MeasureScale } from "./measure-scale";

export function MeasurePanel({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const { measuring, hand } = desk;
  useEffect(() => {
    measuring.load();
    hand.choose("measure");
    return () => {
      if (hand.tool.peek() === "measure") hand.choose("pointer");
    };
  }, [measuring, hand]);
  const why = whyNotMeasure(desk);
  return (
    <aside class="panel measure" aria-label={t("measure.title")} data-testid="measure-panel">
      <header class="panel__head">
        <h2>{t("measure.title")}</h2>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {t("help.close")}
        </button>
      </header>
      {why === null ? (
        hand.tool.value === "measure" && (
          <MeasureDraft measuring={measuring}>
            <CalibrateForm desk={desk} />
          </MeasureDraft>
        )
      ) : (
        <p class="measure__why" role="note" data-testid="measure-why">
          {why}
        </p>
      )}
      <MeasureScale desk={desk} />
      <MeasureKinds
        measuring={measuring}
        inHand={hand.tool.value === "measure"}
        onChoose={() => hand.choose("measure")}
      />
      <MeasureResults desk={desk} />
    </aside>
  );
}
