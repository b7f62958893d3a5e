// What follows from several measurements together: ejection fraction and collapse of the vena cava.
//
// Owns which measurements are taken: of each part the one that was made last. Called by the lists with the marks in force,
// in order of making. Invariant: nothing is derived from a part that has no value itself.

import type { Point } from "../wire/mark";
import type { Gauge, HeartPhase, MeasureKind, VentricleView } from "../wire/measure";
import { discsOf } from "./answer";
import { distance } from "./distance";
import { type Shown, shown } from "./format";
import { calibrationOf } from "./gauge";
import { collapse, ejectionFraction } from "./indices";
import { fromFractions } from "./points";
import type { Outcome, Refusal } from "./refusal";
import { biplane, type Discs, singlePlane } from "./simpson";
import type { Centimetres, Millilitres, Percent } from "./units";

/** A measuring mark, as far as its value goes. */
export type MeasuredMark = {
  readonly what: MeasureKind;
  readonly points: readonly Point[];
  readonly gauge: Gauge;
};

export type DerivedName = "efBiplane" | "efA4c" | "efA2c" | "collapse";

export type Derived = {
  readonly name: DerivedName;
  readonly answer: Shown | { readonly refusal: Refusal };
  /** In biplane: the long axes differ so much that one view is foreshortened. */
  readonly lengthsDiffer: boolean;
};

/** The parts of an ejection fraction differ by more than its decimals could say: whole per cent. */
const PERCENT_STEP = 1;

/** What can be derived from these marks, the most telling first. */
export function derived(marks: readonly MeasuredMark[]): Derived[] {
  const found: Derived[] = [];
  const both = pairs(marks);
  if (both.a4c !== null && both.a2c !== null) found.push(biplaneFraction(both.a4c, both.a2c));
  if (both.a4c !== null) found.push(fraction("efA4c", both.a4c));
  if (both.a2c !== null) found.push(fraction("efA2c", both.a2c));
  const cava = collapseOf(marks);
  if (cava !== null) found.push({ name: "collapse", answer: cava, lengthsDiffer: false });
  return found;
}

type Beat = { readonly diastole: Discs; readonly systole: Discs };

function pairs(marks: readonly MeasuredMark[]): Readonly<Record<VentricleView, Beat | null>> {
  const beat = (view: VentricleView): Beat | null => {
    const diastole = latest(marks, view, "endDiastole");
    const systole = latest(marks, view, "endSystole");
    return diastole === null || systole === null ? null : { diastole, systole };
  };
  return { a4c: beat("a4c"), a2c: beat("a2c") };
}

function latest(marks: readonly MeasuredMark[], view: VentricleView, phase: HeartPhase): Discs | null {
  const mark = marks.findLast(
    ({ what }) => what.type === "ventricle" && what.view === view && what.phase === phase,
  );
  if (mark === undefined) return null;
  const cut = discsOf(mark.points, mark.gauge);
  return cut.type === "measured" ? cut.measured : null;
}

function fraction(name: "efA4c" | "efA2c", { diastole, systole }: Beat): Derived {
  const volumes = [singlePlane(diastole), singlePlane(systole)] as const;
  const [full, rest] = volumes;
  if (full.type === "refused" || rest.type === "refused")
    return { name, answer: { refusal: refusalOf(volumes) }, lengthsDiffer: false };
  return { name, answer: percent(full.measured.value, rest.measured.value), lengthsDiffer: false };
}

function biplaneFraction(a4c: Beat, a2c: Beat): Derived {
  const volumes = [biplane(a4c.diastole, a2c.diastole), biplane(a4c.systole, a2c.systole)] as const;
  const [full, rest] = volumes;
  if (full.type === "refused" || rest.type === "refused")
    return { name: "efBiplane", answer: { refusal: refusalOf(volumes) }, lengthsDiffer: false };
  return {
    name: "efBiplane",
    answer: percent(full.measured.volume.value, rest.measured.volume.value),
    lengthsDiffer: full.measured.lengthsDiffer || rest.measured.lengthsDiffer,
  };
}

function percent(full: Millilitres, rest: Millilitres): Derived["answer"] {
  return shownPart(ejectionFraction(full, rest));
}

function collapseOf(marks: readonly MeasuredMark[]): Derived["answer"] | null {
  const [largest, smallest] = [diameter(marks, "largest"), diameter(marks, "smallest")];
  return largest === null || smallest === null ? null : shownPart(collapse(largest, smallest));
}

function diameter(marks: readonly MeasuredMark[], extent: "largest" | "smallest"): Centimetres | null {
  const mark = marks.findLast(({ what }) => what.type === "venaCava" && what.extent === extent);
  const [from, to] = mark?.points ?? [];
  if (mark === undefined || from === undefined || to === undefined) return null;
  const { gauge } = mark;
  const between = distance(calibrationOf(gauge), fromFractions(from, gauge), fromFractions(to, gauge));
  return between.type === "measured" && between.measured.type === "calibrated"
    ? between.measured.length.value
    : null;
}

function shownPart(part: Outcome<Percent>): Derived["answer"] {
  return part.type === "refused" ? { refusal: part.refusal } : shown(part.measured, PERCENT_STEP);
}

function refusalOf(outcomes: readonly Outcome<unknown>[]): Refusal {
  const refused = outcomes.find((one) => one.type === "refused");
  return refused?.type === "refused" ? refused.refusal : "noExtent";
}
