// What a measuring mark says, beside its form. Comes only when there is one: the rules of measuring are large.

import { figureWords } from "../i18n/figures";
import { answer } from "../measure/answer";
import type { MarkState } from "../wire/socket";
import { say } from "./say";

export type FigureOf = (held: MarkState) => string | null;

/** The first figure; nothing for a mark that measures nothing, or whose scale did not come along. */
export const figureOf: FigureOf = ({ mark: { shape }, gauge }) => {
  if (shape.type !== "measure" || gauge === undefined) return null;
  const found = answer(shape.what, shape.points, gauge);
  if (found.type === "refused") return say("marks.noValue");
  const [first] = found.figures;
  if (first === undefined) return null;
  const words = figureWords(first);
  return found.type === "uncalibrated" ? `${words} ${say("marks.uncalibrated")}` : words;
};
