// What the transmission allows: for each question a hint from the frames, the size and the bits that arrive.
//
// Pure. Called by the link watch, shown by the link panel and kept in the log. It is a hint about the transmission alone:
// whether the scan shows what was asked is for people to say, so nothing here looks at the picture. How late the picture is
// decides nothing either: it makes guiding hard, not reading, and has its own word.
// Invariant: what is not known is never held against the picture, and without a running picture there is no hint.
//
// Bounds, each [adequate from, limited from]; what has no published number is our decision, and says so.
// Frames: 30 wanted, warned of below 20, alarmed below 15 (reference/product.md, targets); off-the-shelf tools fell to 4.6 on
// 4G, where it was the frames that mattered and not the grey levels (Jensen 2018); a collapse with a sniff takes about a second,
// so ten frames show it, and effusion is seen on a slow picture (decisions). Colour frames are made slowly by the scanner
// itself: 15 lose little of it (decision).
// Lines: 480 is the smallest picture of the programme (reference/product.md, rates); at 18 cm depth 300 lines are 0.6 mm each,
// fine enough for a vena cava of 21 mm (decision).
// Bits per pixel of a frame, H.264 at 800x600 and 30 frames a second (reference/media.md, 3): 0.5 Mbit/s smears speckle (0.035),
// 1 is marginal (0.07), 2 usable (0.14), which is what colour wants: it smears first. 0.6 Mbit/s at 640x480x30 kept diagnostic
// quality in Yoo 2004 (0.065).

import type { Adequacy, LinkHints } from "../wire/link";

export type Question = keyof LinkHints;
export const QUESTIONS: readonly Question[] = ["ef", "ivc", "effusion", "colour"];

/** What arrives; null is not known. */
export type Arriving = {
  readonly fps: number | null;
  readonly width: number;
  readonly height: number;
  readonly kbps: number | null;
};

/** What a question wants most that it does not get. */
export type Shortage = "fps" | "lines" | "bits";

export type Hint = {
  readonly adequacy: Adequacy;
  /** Null when nothing is known against it, or nothing at all. */
  readonly short: Shortage | null;
};

type Bounds = readonly [adequate: number, limited: number];

export const WANTED: Readonly<Record<Question, Readonly<Record<Shortage, Bounds>>>> = {
  ef: { fps: [20, 15], lines: [480, 240], bits: [0.065, 0.035] },
  ivc: { fps: [10, 5], lines: [300, 200], bits: [0.035, 0.02] },
  effusion: { fps: [4, 1], lines: [240, 180], bits: [0.035, 0.02] },
  colour: { fps: [15, 10], lines: [480, 300], bits: [0.14, 0.07] },
};

/** What was given is taken back only below this share of its bound, so that a word does not flicker. */
const TAKEN_BACK_BELOW = 0.9;

const RANK: Readonly<Record<Adequacy, number>> = { unknown: -1, notAdequate: 0, limited: 1, adequate: 2 };
const BY_RANK: readonly Adequacy[] = ["notAdequate", "limited", "adequate"];

/** Of one question; `before` is what was said last. */
export function hintFor(question: Question, arriving: Arriving, before: Adequacy): Hint {
  if (arriving.fps === null || arriving.height === 0) return { adequacy: "unknown", short: null };
  const wanted = WANTED[question];
  const measured: Readonly<Record<Shortage, number | null>> = {
    fps: arriving.fps,
    lines: arriving.height,
    bits: bitsPerPixel(arriving),
  };
  let worst = BY_RANK.length - 1;
  let short: Shortage | null = null;
  for (const what of ["fps", "lines", "bits"] as const) {
    const value = measured[what];
    const rank = value === null ? worst : rankOf(value, wanted[what], RANK[before]);
    if (rank < worst) [worst, short] = [rank, what];
  }
  return { adequacy: BY_RANK[worst] ?? "unknown", short };
}

function rankOf(value: number, [adequate, limited]: Bounds, before: number): number {
  const holds = (bound: number, rank: number) => value >= (before >= rank ? bound * TAKEN_BACK_BELOW : bound);
  if (holds(adequate, RANK.adequate)) return RANK.adequate;
  return holds(limited, RANK.limited) ? RANK.limited : RANK.notAdequate;
}

/** Null when the bits are not known, or no frame shares them. */
export function bitsPerPixel({ fps, width, height, kbps }: Arriving): number | null {
  const pixels = width * height * (fps ?? 0);
  return kbps === null || pixels === 0 ? null : (kbps * 1000) / pixels;
}
