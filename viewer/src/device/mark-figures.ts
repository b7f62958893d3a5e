// What a measuring mark says: its value beside its form, and beside the picture where that comes from. Comes only when there
// is one: the rules of measuring are large.

import { figureWords } from "../i18n/figures";
import { type Answer, answer } from "../measure/answer";
import type { Gauge } from "../wire/measure";
import type { MarkState } from "../wire/socket";
import { say } from "./say";

/** A value as it is read. */
export type Told = {
  /** Number and unit. */
  readonly value: string;
  /** The source of its scale and the number of its frame. */
  readonly from: string;
};
export type FigureOf = (held: MarkState) => Told | null;

/** The first figure; nothing for a mark that measures nothing, or whose scale did not come along. */
export const figureOf: FigureOf = ({ mark: { shape }, gauge }) => {
  if (shape.type !== "measure" || gauge === undefined) return null;
  const found = answer(shape.what, shape.points, gauge);
  const value = valueWords(found);
  const frame = gauge.frame === undefined ? [] : [say("marks.frame", { number: gauge.frame + 1 })];
  return value === null ? null : { value, from: [...sourceOf(found, gauge), ...frame].join(" · ") };
};

function valueWords(found: Answer): string | null {
  if (found.type === "refused") return say("marks.noValue");
  const [first] = found.figures;
  if (first === undefined) return null;
  const words = figureWords(first);
  return found.type === "uncalibrated" ? `${words} ${say("marks.uncalibrated")}` : words;
}

/** Whose scale it is; none where the value itself says that there is none. */
function sourceOf(found: Answer, { scale }: Gauge): string[] {
  if (found.type !== "figures") return [];
  const { source } = found;
  if (source.type === "region") return [say("marks.byRegion", { number: source.index + 1 })];
  if (scale.type !== "depth") return [];
  const { author } = scale.by;
  const name = author.type === "relay" ? say("marks.someone") : author.name;
  return [say("marks.byDepth", { name, centimetres: scale.by.scale.centimetres })];
}
