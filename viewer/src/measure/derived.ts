// What follows from several measurements together: ejection fraction, collapse of the vena cava, heart rate between frames.
//
// Owns which measurements are taken: of each part the one that was made last. Called by the lists with the marks in force,
// in order of making. Invariants: nothing is derived from a part that has no value itself, nor from pictures that may show two
// patients, and every value names its parts.

import type { StreamId } from "../wire/ids";
import type { Point } from "../wire/mark";
import type { Extent, Gauge, HeartPhase, MeasureKind, VentricleView } from "../wire/measure";
import type { RtpTime } from "../wire/units";
import { discsOf } from "./answer";
import type { ScaleSource } from "./calibration";
import { distance } from "./distance";
import { type Shown, shown } from "./format";
import { calibrationOf } from "./gauge";
import { collapse, ejectionFraction } from "./indices";
import { fromFractions } from "./points";
import { heartRateOfFrames } from "./rate";
import type { Outcome, Refusal } from "./refusal";
import { biplane, type Discs, singlePlane } from "./simpson";
import type { BeatsPerMinute, Centimetres, Millilitres, Percent } from "./units";

/** A measuring mark, as far as its value goes. */
export type MeasuredMark = {
  readonly what: MeasureKind;
  readonly points: readonly Point[];
  readonly gauge: Gauge;
  readonly taken: Taken;
};

/**
 * When its frame was captured. Times of one timeline can be compared, and its pictures are one source's; those of two may show
 * two patients: no page can tell whom a picture shows, and an agent says of its frames only that they may show another one.
 */
export type Taken = { readonly timeline: string; readonly rtpTime: RtpTime };

/** Of a frame of a stream. One stream shows two patients when its agent is given another source. */
export function takenLive(stream: StreamId, rtpTime: RtpTime, { patient }: Gauge): Taken {
  return { timeline: patient === undefined ? stream : `${stream} ${patient}`, rtpTime };
}

/** Why nothing is derived: also because the newest parts come from two timelines. */
export type DerivedRefusal = Refusal | "otherSource";

export type DerivedName = "efBiplane" | "efA4c" | "efA2c" | "collapse" | "heartRate";

/** A measurement that a value is made of, and where its scale comes from. */
export type Part<M extends MeasuredMark> = { readonly mark: M; readonly source: ScaleSource };

export type Derived<M extends MeasuredMark = MeasuredMark> = {
  readonly name: DerivedName;
  readonly answer: Shown | { readonly refusal: DerivedRefusal };
  /** What it is made of: the larger end of beat or breath before the smaller one. */
  readonly parts: readonly Part<M>[];
  /** In biplane: the long axes differ so much that one view is foreshortened. */
  readonly lengthsDiffer: boolean;
};

/** The parts of an ejection fraction differ by more than its decimals could say: whole per cent. */
const PERCENT_STEP = 1;
/** A frame more or less changes a rate by more than its decimals could say: whole beats. */
const BEATS_STEP = 1;

/** What can be derived from these marks, the most telling first. */
export function derived<M extends MeasuredMark>(marks: readonly M[]): Derived<M>[] {
  const found: Derived<M>[] = [];
  const both = pairs(marks);
  if (both.a4c !== null && both.a2c !== null) found.push(biplaneFraction(both.a4c, both.a2c));
  if (both.a4c !== null) found.push(fraction("efA4c", both.a4c));
  if (both.a2c !== null) found.push(fraction("efA2c", both.a2c));
  const cava = collapseOf(marks);
  if (cava !== null) found.push(cava);
  const rate = rateOf(marks);
  if (rate !== null) found.push(rate);
  return found.map(ofOneSource);
}

/** An older part of the same source is not taken instead: nobody would see that the newest one was left out. */
function ofOneSource<M extends MeasuredMark>(one: Derived<M>): Derived<M> {
  const timelines = new Set(one.parts.map(({ mark }) => mark.taken.timeline));
  return timelines.size <= 1 ? one : { ...one, answer: { refusal: "otherSource" }, lengthsDiffer: false };
}

type Cut<M extends MeasuredMark> = Part<M> & { readonly discs: Discs };
type Beat<M extends MeasuredMark> = { readonly diastole: Cut<M>; readonly systole: Cut<M> };

function pairs<M extends MeasuredMark>(marks: readonly M[]): Readonly<Record<VentricleView, Beat<M> | null>> {
  const beat = (view: VentricleView): Beat<M> | null => {
    const diastole = latest(marks, view, "endDiastole");
    const systole = latest(marks, view, "endSystole");
    return diastole === null || systole === null ? null : { diastole, systole };
  };
  return { a4c: beat("a4c"), a2c: beat("a2c") };
}

function latest<M extends MeasuredMark>(
  marks: readonly M[],
  view: VentricleView,
  phase: HeartPhase,
): Cut<M> | null {
  const mark = marks.findLast(
    ({ what }) => what.type === "ventricle" && what.view === view && what.phase === phase,
  );
  if (mark === undefined) return null;
  const cut = discsOf(mark.points, mark.gauge);
  if (cut.type === "refused") return null;
  const { measured } = cut;
  return { mark, source: measured.source, discs: measured };
}

function fraction<M extends MeasuredMark>(
  name: "efA4c" | "efA2c",
  { diastole, systole }: Beat<M>,
): Derived<M> {
  const parts = [diastole, systole];
  const volumes = [singlePlane(diastole.discs), singlePlane(systole.discs)] as const;
  const [full, rest] = volumes;
  if (full.type === "refused" || rest.type === "refused")
    return { name, answer: { refusal: refusalOf(volumes) }, parts, lengthsDiffer: false };
  return { name, answer: percent(full.measured.value, rest.measured.value), parts, lengthsDiffer: false };
}

function biplaneFraction<M extends MeasuredMark>(a4c: Beat<M>, a2c: Beat<M>): Derived<M> {
  const parts = [a4c.diastole, a4c.systole, a2c.diastole, a2c.systole];
  const volumes = [
    biplane(a4c.diastole.discs, a2c.diastole.discs),
    biplane(a4c.systole.discs, a2c.systole.discs),
  ] as const;
  const [full, rest] = volumes;
  if (full.type === "refused" || rest.type === "refused")
    return { name: "efBiplane", answer: { refusal: refusalOf(volumes) }, parts, lengthsDiffer: false };
  return {
    name: "efBiplane",
    answer: percent(full.measured.volume.value, rest.measured.volume.value),
    parts,
    lengthsDiffer: full.measured.lengthsDiffer || rest.measured.lengthsDiffer,
  };
}

function percent(full: Millilitres, rest: Millilitres): Derived["answer"] {
  return shownAs(ejectionFraction(full, rest), PERCENT_STEP);
}

function collapseOf<M extends MeasuredMark>(marks: readonly M[]): Derived<M> | null {
  const [largest, smallest] = [diameter(marks, "largest"), diameter(marks, "smallest")];
  if (largest === null || smallest === null) return null;
  const answer = shownAs(collapse(largest.across, smallest.across), PERCENT_STEP);
  return { name: "collapse", answer, parts: [largest, smallest], lengthsDiffer: false };
}

function diameter<M extends MeasuredMark>(
  marks: readonly M[],
  extent: Extent,
): (Part<M> & { readonly across: Centimetres }) | null {
  const mark = marks.findLast(({ what }) => what.type === "venaCava" && what.extent === extent);
  const [from, to] = mark?.points ?? [];
  if (mark === undefined || from === undefined || to === undefined) return null;
  const { gauge } = mark;
  const between = distance(calibrationOf(gauge), fromFractions(from, gauge), fromFractions(to, gauge));
  if (between.type === "refused" || between.measured.type === "uncalibrated") return null;
  const { source, value } = between.measured.length;
  return { mark, source, across: value };
}

/** The rate between the frames of two ends of a beat, whichever was captured first. */
function rateOf<M extends MeasuredMark>(marks: readonly M[]): Derived<M> | null {
  const start = marks.findLast(({ what }) => what.type === "beatStart");
  const end = marks.findLast(({ what }) => what.type === "beatEnd");
  if (start === undefined || end?.what.type !== "beatEnd") return null;
  const rate = heartRateOfFrames(start.taken.rtpTime, end.taken.rtpTime, end.what.beats);
  const parts = [start, end].map((mark): Part<M> => ({ mark, source: { type: "capture" } }));
  return { name: "heartRate", answer: shownAs(rate, BEATS_STEP), parts, lengthsDiffer: false };
}

function shownAs(part: Outcome<Percent | BeatsPerMinute>, step: number): Derived["answer"] {
  return part.type === "refused" ? { refusal: part.refusal } : shown(part.measured, step);
}

function refusalOf(outcomes: readonly Outcome<unknown>[]): Refusal {
  const refused = outcomes.find((one) => one.type === "refused");
  return refused?.type === "refused" ? refused.refusal : "noExtent";
}
