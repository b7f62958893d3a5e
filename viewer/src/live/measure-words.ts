// How measured values read: number, unit, where the scale comes from, and which frame.
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
  if (source?.type === "capture") return t("measure.byCapture");
  const { scale } = gauge;
  if (scale.type === "depth") return depthWords(scale);
  if (source?.type === "region") return t("measure.byRegion", { number: source.index + 1 });
  return t(scale.type === "regions" ? "measure.byRegions" : "measure.uncalibrated");
}

/** The number of a frame, where the relay knows it. */
export function frameWords(gauge: Gauge | null): string | null {
  return gauge?.frame === undefined ? null : t("measure.frame", { number: gauge.frame + 1 });
}

/** What a value stands with: the source of its scale and its frame. Null where there is no value. */
export function originWords(answer: Answer | null, gauge: Gauge | null): string | null {
  if (answer === null || gauge === null || answer.type === "refused") return null;
  // A value without a scale says so itself.
  const source = answer.type === "figures" ? sourceWords(gauge, answer.source) : null;
  return [source, frameWords(gauge)].filter((words) => words !== null).join(" · ");
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
