// Draws finished marks: their form, whose they are, and what they measure.
//
// Stateless, like `draw.ts`; called by the stage and by the device page, so that a mark looks the same on both. Whose it is
// stands in small letters outside its first point. Invariant: these letters cover no value, and values lie on top of everything.

import type { AnnotationId } from "../wire/ids";
import type { MarkState } from "../wire/socket";
import { type Brush, drawShape, drawSmall, labelRoom } from "./draw";
import { drawMeasureShape, drawValue, valueRoom } from "./draw-measure";
import { personLook } from "./pens";
import { fromWire, type Size, type StagePoint, stagePoint } from "./points";
import type { Box } from "./view";

/** Between the first point and the letters: a line with its dark edge, or the arm of a cross, stays free. */
const GAP_PX = 12;
const SMALL_FONT_REM = 0.75;
/** Where nobody is named, of a mark that was made on a stopped picture. */
const NOBODYS = "#ffffff";

export type MarksLook = {
  readonly selected: AnnotationId | null;
  readonly valueBeside: (held: MarkState) => string | null | undefined;
  /** Words beside marks that were drawn on a stopped picture. */
  readonly staleTag: string;
  /** Where the letters have to stay. */
  readonly room: Size;
};

export function drawMarks(brush: Brush, marks: readonly MarkState[], look: MarksLook): void {
  const taken: Box[] = [];
  const values: (() => void)[] = [];
  for (const held of marks) {
    const { id, shape, pen } = held.mark;
    if (shape.type === "measure") drawMeasureShape(brush, shape, pen, id === look.selected);
    else drawShape(brush, shape, pen, id === look.selected);
    if (shape.type === "label") taken.push(labelRoom(brush, shape));
    const value = look.valueBeside(held);
    const at = value == null ? null : valueRoom(brush, shape, value);
    if (value == null || at === null) continue;
    taken.push(at);
    values.push(() => drawValue(brush, shape, value));
  }
  for (const held of marks) {
    const words = tagOf(held, look.staleTag);
    const form = formOf(held, brush);
    if (words === "" || form.length === 0) continue;
    const height = SMALL_FONT_REM * brush.remPx;
    brush.context.font = `600 ${height}px system-ui, sans-serif`;
    const size = { width: brush.context.measureText(words).width, height };
    const place = freePlace(form, size, look.room, taken);
    taken.push(place);
    const { author } = held;
    const colour = author.type === "person" ? personLook(author.person).colour : NOBODYS;
    drawSmall(brush.context, place, words, colour);
  }
  for (const draw of values) draw();
}

/** Whose mark it is, and that its author saw a picture that had stopped. */
export function tagOf({ mark, author }: MarkState, staleTag: string): string {
  const initials = author.type === "person" ? author.initials : "";
  return mark.drawnOn === "stale" ? `${initials} ${staleTag}`.trim() : initials;
}

/** Outside the form at its first point if there is room, or else above or below, where nothing else is to be read. */
export function freePlace(
  form: readonly StagePoint[],
  { width, height }: Size,
  room: Size,
  taken: readonly Box[],
): Box {
  const [first = stagePoint(0, 0)] = form;
  const xs = form.map(({ x }) => x);
  const at = (x: number, y: number): Box => ({ x, y, width, height });
  const level = within(first.y - height / 2, room.height - height);
  const [left, right] = [at(first.x - GAP_PX - width, level), at(first.x + GAP_PX, level)];
  const isLeft = first.x <= (Math.min(...xs) + Math.max(...xs)) / 2;
  const inside = within(first.x - width / 2, room.width - width);
  const places = [
    isLeft ? left : right,
    at(inside, first.y - GAP_PX - height),
    at(inside, first.y + GAP_PX),
    isLeft ? right : left,
  ];
  const isFree = (place: Box) =>
    place.x >= 0 &&
    place.y >= 0 &&
    place.x + width <= room.width &&
    place.y + height <= room.height &&
    !taken.some((other) => overlap(place, other));
  return places.find(isFree) ?? places[0] ?? left;
}

function within(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function formOf({ mark: { shape } }: MarkState, brush: Brush): StagePoint[] {
  const points =
    shape.type === "arrow" ? [shape.from, shape.to] : shape.type === "label" ? [shape.at] : shape.points;
  return points.map((point) => brush.place(fromWire(point)));
}
