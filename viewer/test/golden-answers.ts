// What `measure` answers to a golden vector, in one form for all operations.
//
// Owns which function an operation of the vectors names, and in which unit its numbers are: brands are gone when a test
// runs. It compares nothing.

import { outline } from "../src/measure/area";
import { axes, quantityAt } from "../src/measure/axis";
import { type Calibration, kindAt, type ScaleSource } from "../src/measure/calibration";
import { angle, distance, position } from "../src/measure/distance";
import { envelope, pressureGradient, slope, velocity } from "../src/measure/doppler";
import { shown, shownReading } from "../src/measure/format";
import { collapse, ejectionFraction } from "../src/measure/indices";
import { interval, mModeSlope, mModeSpan } from "../src/measure/mmode";
import { fromFractions, type PixelPoint, pixelPoint } from "../src/measure/points";
import { heartRate, heartRateBetween, heartRateOfFrames } from "../src/measure/rate";
import { type Outcome, Refused } from "../src/measure/refusal";
import { biplane, type Discs, discs, singlePlane } from "../src/measure/simpson";
import type { Centimetres, CentimetresPerSecond, Millilitres, Reading, Seconds } from "../src/measure/units";
import type { RtpTime } from "../src/wire/units";
import {
  calibrationOf,
  type Expected,
  numberOf,
  pictureOf,
  pointsOf,
  type Vector,
  ventricleOf,
} from "./golden-vectors";

/** All that an operation gives, in the words of the vectors. */
export type Answer = Omit<Expected, "refusal">;

type Parts = Readonly<Record<string, readonly [number | Reading<number>, string]>>;

export function answerTo(vector: Vector): Expected {
  try {
    return answer(vector);
  } catch (thrown) {
    if (thrown instanceof Refused) return { refusal: thrown.refusal };
    throw thrown;
  }
}

function answer(vector: Vector): Answer {
  switch (vector.operation) {
    case "axes":
      return ofAxes(vector);
    case "fromFractions": {
      const [x, y] = vector.fractions ?? [Number.NaN, Number.NaN];
      const at = fromFractions({ x, y }, pictureOf(vector.on).picture);
      return values({ x: [at.x, "px"], y: [at.y, "px"] });
    }
    case "singlePlane":
    case "biplane":
      return ofVentricles(vector);
    case "pressureGradient":
    case "ejectionFraction":
    case "collapse":
    case "heartRateBetween":
    case "heartRateOfFrames":
    case "shown":
      return ofNumbers(vector);
    default:
      return onPicture(vector, measured(calibrationOf(vector.on)));
  }
}

function onPicture(vector: Vector, on: Calibration): Answer {
  const points = pointsOf(vector);
  const none = pixelPoint(Number.NaN, Number.NaN);
  const [a = none, b = none, c = none, d = none] = points;
  switch (vector.operation) {
    case "distance":
      return ofDistance(on, a, b);
    case "position": {
      const { x, y, source } = measured(position(on, a));
      return values({ x: [x, "cm"], y: [y, "cm"] }, source);
    }
    case "angle":
      return one("angle", "deg", measured(angle(on, [a, b], [c, d])));
    case "outline": {
      const { area, perimeter, crossesItself, source } = measured(outline(on, points));
      const parts: Parts = { area: [area, "cm2"], perimeter: [perimeter, "cm"] };
      return { ...values(parts, source), flags: { crossesItself } };
    }
    case "mModeSpan": {
      const span = measured(mModeSpan(on, a, b));
      return values({ time: [span.time, "s"], distance: [span.distance, "cm"] }, span.source);
    }
    case "mModeSlope":
      return one("slope", "cm/s", measured(mModeSlope(on, a, b)));
    case "interval":
      return one("time", "s", measured(interval(on, a, b)));
    case "velocity":
      return one("velocity", "cm/s", measured(velocity(on, a)));
    case "slope":
      return one("slope", "cm/s2", measured(slope(on, a, b)));
    case "envelope":
      return ofEnvelope(on, points);
    case "heartRate":
      return one("rate", "/min", measured(heartRate(on, a, b, vector.cycles ?? Number.NaN)));
    case "kindAt":
      return { kind: measured(kindAt(on, points)).kind };
    default:
      throw new Error(`${vector.operation} is no operation`);
  }
}

function ofDistance(on: Calibration, from: PixelPoint, to: PixelPoint): Answer {
  const length = measured(distance(on, from, to));
  if (length.type === "calibrated") return one("length", "cm", length.length);
  return { uncalibrated: { pixels: length.pixels, reason: length.reason } };
}

function ofEnvelope(on: Calibration, trace: readonly PixelPoint[]): Answer {
  const jet = measured(envelope(on, trace));
  const parts: Parts = {
    vti: [jet.vti, "cm"],
    duration: [jet.duration, "s"],
    peak: [jet.peak, "cm/s"],
    mean: [jet.mean, "cm/s"],
    peakGradient: [jet.peakGradient, "mmHg"],
    meanGradient: [jet.meanGradient, "mmHg"],
  };
  return values(parts, jet.source);
}

function ofVentricles({ ventricles = [] }: Vector): Answer {
  const views: Discs[] = ventricles.map((drawn) =>
    measured(discs(measured(calibrationOf(drawn.on)), ventricleOf(drawn))),
  );
  const [first, second] = views;
  if (first === undefined) throw new Error("a view is missing");
  if (second === undefined) {
    const volume = measured(singlePlane(first));
    const { length, crossesItself } = first;
    return { ...values({ length: [length, "cm"], volume: [volume, "ml"] }), flags: { crossesItself } };
  }
  const { volume, lengthsDiffer } = measured(biplane(first, second));
  return { ...values({ volume: [volume, "ml"] }), flags: { lengthsDiffer } };
}

function ofNumbers(vector: Vector): Answer {
  const [a, b] = [numberOf(vector, 0), numberOf(vector, 1)];
  const cycles = vector.cycles ?? Number.NaN;
  switch (vector.operation) {
    case "pressureGradient":
      return values({ gradient: [measured(pressureGradient(a as CentimetresPerSecond)), "mmHg"] });
    case "ejectionFraction":
      return values({ fraction: [measured(ejectionFraction(a as Millilitres, b as Millilitres)), "%"] });
    case "collapse":
      return values({ collapse: [measured(collapse(a as Centimetres, b as Centimetres)), "%"] });
    case "heartRateBetween":
      return values({ rate: [measured(heartRateBetween(a as Seconds, b as Seconds, cycles)), "/min"] });
    case "heartRateOfFrames":
      return values({ rate: [measured(heartRateOfFrames(a as RtpTime, b as RtpTime, cycles)), "/min"] });
    default:
      return { shown: shown(a, b) };
  }
}

function ofAxes(vector: Vector): Answer {
  const region = pictureOf(vector.on).regions?.[vector.region ?? 0];
  const [at] = pointsOf(vector);
  if (region === undefined || at === undefined) throw new Error("a region or a point is missing");
  const { x, y } = axes(region);
  if (x === null || y === null) throw new Error("a scale is missing");
  const symbols = { length: "cm", time: "s", velocity: "cm/s" } as const;
  const along = [measured(quantityAt(x, at.x)), measured(quantityAt(y, at.y))] as const;
  return values({
    x: [along[0].value, symbols[along[0].type]],
    y: [along[1].value, symbols[along[1].type]],
  });
}

function measured<T>(given: Outcome<T>): T {
  if (given.type === "refused") throw new Refused(given.refusal);
  return given.measured;
}

function one(name: string, unit: string, found: Reading<number> & { source: ScaleSource }): Answer {
  return values({ [name]: [found, unit] }, found.source);
}

function values(parts: Parts, source?: ScaleSource): Answer {
  const plain = Object.entries(parts).map(
    ([name, [part, unit]]) => [name, [typeof part === "number" ? part : part.value, unit]] as const,
  );
  const decimals = Object.entries(parts).flatMap(([name, [part]]) =>
    typeof part === "number" ? [] : [[name, shownReading(part).decimals] as const],
  );
  const from = source?.type === "region" ? `region ${source.index}` : source?.type;
  return {
    values: Object.fromEntries(plain),
    decimals: Object.fromEntries(decimals),
    ...(from === undefined ? {} : { source: from }),
  };
}
