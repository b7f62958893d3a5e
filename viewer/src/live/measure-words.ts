// How measured values read: number, unit, and where the scale comes from.
//
// Owns the words only; values come from `measure/`. Called by the stage's scene and by the lists. Invariant: a value
// without a scale never reads like one with a unit of the body (px 未校正).

import { figureWords } from "../i18n/figures";
import { clockTime, t } from "../i18n/i18n";
import type { Answer } from "../measure/answer";
import type { ScaleSource } from "../measure/calibration";
import type { Gauge, MeasureKind } from "../wire/measure";

/** What is measured. */
export function kindWords(what: MeasureKind): string {
  if (what.type === "ventricle")
    return t("measure.kind.ventricle", {
      view: t(`measure.view.${what.view}`),
      phase: t(`measure.phase.${what.phase}`),
    });
  if (what.type === "venaCava")
    return t("measure.kind.venaCava", { extent: t(`measure.extent.${what.extent}`) });
  return t(`measure.kind.${what.type}`);
}

/** The first figure, as it stands beside the mark. */
export function valueWords(answer: Answer | null): string | null {
  if (answer === null) return null;
  if (answer.type === "refused") return t("measure.noValue");
  const [first] = answer.figures;
  if (first === undefined) return null;
  const words = figureWords(first);
  return answer.type === "uncalibrated" ? `${words} ${t("measure.uncalibrated")}` : words;
}

/** Where the scale of a value comes from. */
export function sourceWords(gauge: Gauge, source: ScaleSource | null): string {
  const { scale } = gauge;
  if (scale.type === "depth") return depthWords(scale);
  if (source?.type === "region") return t("measure.byRegion", { number: source.index + 1 });
  return t(scale.type === "regions" ? "measure.byRegions" : "measure.uncalibrated");
}

/** A depth scale: how much, who and when. */
export function depthWords({ by }: Extract<Gauge["scale"], { type: "depth" }>): string {
  const name = by.author.type === "relay" ? t("stage.someone") : by.author.name;
  return t("measure.byDepth", {
    name,
    time: clockTime(by.at, false),
    centimetres: by.scale.centimetres,
  });
}
