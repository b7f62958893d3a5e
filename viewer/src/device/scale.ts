// The two ends of the depth scale while the physician sets them (pure).
//
// Owns placing, dragging and nudging them, and reading the centimetres. Whether the scale is taken is the agent's word.

import { exactPoint, type PicturePoint, type Size } from "../stage/points";

/** A shorter drag was a tap, in fractions of the picture. */
const LEAST_DRAG = 0.02;
/** More than any probe sees; what is typed beyond it is a slip. */
const MOST_CM = 100;

export type ScaleDraft = {
  /** None, one or two. */
  readonly ends: readonly PicturePoint[];
  /** The end that keys and buttons move. */
  readonly active: 0 | 1;
};

export const EMPTY: ScaleDraft = { ends: [], active: 0 };

const distance = (a: PicturePoint, b: PicturePoint) => Math.hypot(a.x - b.x, a.y - b.y);

/** A press: sets the next end, or takes hold of the nearer one once there are two. */
export function pressed(draft: ScaleDraft, at: PicturePoint): ScaleDraft {
  const [first, second] = draft.ends;
  if (first === undefined) return { ends: [at], active: 0 };
  if (second === undefined) return { ends: [first, at], active: 1 };
  return moved({ ...draft, active: distance(first, at) <= distance(second, at) ? 0 : 1 }, at);
}

/** The pen moves while it is down. From the first end it draws the second one out. */
export function dragged(draft: ScaleDraft, at: PicturePoint): ScaleDraft {
  const [first, second] = draft.ends;
  if (first !== undefined && second === undefined)
    return distance(first, at) < LEAST_DRAG ? draft : { ends: [first, at], active: 1 };
  return moved(draft, at);
}

function moved({ ends, active }: ScaleDraft, at: PicturePoint): ScaleDraft {
  return { ends: ends.map((end, index) => (index === active ? at : end)), active };
}

/** Moves the active end by pixels of the picture. */
export function nudged(draft: ScaleDraft, dx: number, dy: number, { width, height }: Size): ScaleDraft {
  const end = draft.ends[draft.active];
  if (end === undefined || width <= 0 || height <= 0) return draft;
  return moved(draft, exactPoint(end.x + dx / width, end.y + dy / height));
}

/** Between the ends in pixels of the picture; nothing before there are two. */
export function pixelsOf({ ends: [from, to] }: ScaleDraft, { width, height }: Size): number | null {
  if (from === undefined || to === undefined) return null;
  return Math.hypot((to.x - from.x) * width, (to.y - from.y) * height);
}

/** A number of centimetres as people type it, also with a comma and in full width. */
export function centimetresOf(text: string): number | null {
  const plain = text.normalize("NFKC").trim().replace(",", ".");
  const value = /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : Number.NaN;
  return value > 0 && value <= MOST_CM ? value : null;
}
