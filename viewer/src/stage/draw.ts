// Draws marks, sketches, pointers and the keyboard cursor on a 2-D canvas.
//
// Stateless: a context, places in stage pixels, looks. Every line is drawn twice, a dark halo and then the bright
// line, so that it shows on black fluid and on white tissue. Called by `stage.ts` once per drawing.
// Invariant: sizes are CSS pixels and do not grow with the zoom, so that a zoomed picture is not covered by ink.

import type { Pen, Shape } from "../wire/mark";
import type { SketchForm } from "../wire/socket";
import { HALO, PEN_LOOKS, type PenLook, type PersonLook } from "./pens";
import { distance, fromWire, type PicturePoint, type StagePoint, stagePoint } from "./points";
import type { Box } from "./view";

const LINE_PX = 3;
const HALO_EXTRA_PX = 3.5;
const SELECTED_EXTRA_PX = 3;
const DOT_RADIUS_PX = 4;
const ARROW_HEAD_PX = 18;
const ARROW_HEAD_ANGLE = Math.PI / 7;
const LABEL_FONT_REM = 1.25;
const TAG_FONT_REM = 0.8125;
const TAG_LIFT_PX = 8;
/** Under the words of a label. */
const LABEL_LINE_PX = 4;
/** Of the height of letters so much stands above their baseline. */
const BASELINE = 0.85;
const POINTER_RADIUS_PX = 16;
const CURSOR_ARM_PX = 14;

export type Brush = {
  readonly context: CanvasRenderingContext2D;
  readonly place: (point: PicturePoint) => StagePoint;
  /** Root font size, so that labels follow the text size of the device. */
  readonly remPx: number;
};

/** Dash patterns of the rings around pointers, in CSS pixels; the same order as in the people list. */
const RING_DASHES: readonly (readonly number[])[] = [[], [6, 4], [1.5, 4], [10, 3, 2, 3]];

/** What a pen draws; measurements are in `draw-measure.ts`. */
export type DrawnShape = Exclude<Shape, { type: "measure" }>;

export function drawShape(brush: Brush, shape: DrawnShape, pen: Pen, selected: boolean): void {
  const look = PEN_LOOKS[pen];
  switch (shape.type) {
    case "stroke":
      drawLine(
        brush,
        shape.points.map((p) => brush.place(fromWire(p))),
        look,
        selected,
      );
      break;
    case "arrow":
      drawArrow(brush, brush.place(fromWire(shape.from)), brush.place(fromWire(shape.to)), look, selected);
      break;
    case "label":
      drawLabel(brush, brush.place(fromWire(shape.at)), shape.text, look, selected);
      break;
  }
}

export function drawSketch(brush: Brush, form: SketchForm, points: readonly PicturePoint[], pen: Pen): void {
  const placed = points.map(brush.place);
  const first = placed[0];
  const last = placed.at(-1);
  if (first === undefined || last === undefined) return;
  if (form === "stroke") drawLine(brush, placed, PEN_LOOKS[pen], false);
  else drawArrow(brush, first, last, PEN_LOOKS[pen], false);
}

function drawLine(brush: Brush, points: readonly StagePoint[], look: PenLook, selected: boolean): void {
  const [first, ...rest] = points;
  if (first === undefined) return;
  const path = new Path2D();
  if (rest.every((p) => distance(p, first) < 1)) {
    path.arc(first.x, first.y, DOT_RADIUS_PX - LINE_PX / 2, 0, 2 * Math.PI);
    twice(brush.context, path, { ...look, dash: [] }, selected);
    return;
  }
  path.moveTo(first.x, first.y);
  for (const p of rest) path.lineTo(p.x, p.y);
  twice(brush.context, path, look, selected);
}

function drawArrow(brush: Brush, from: StagePoint, to: StagePoint, look: PenLook, selected: boolean): void {
  const shaft = new Path2D();
  shaft.moveTo(from.x, from.y);
  shaft.lineTo(to.x, to.y);
  twice(brush.context, shaft, look, selected);
  const length = distance(from, to);
  if (length < 1) return;
  const direction = Math.atan2(to.y - from.y, to.x - from.x);
  const size = Math.min(ARROW_HEAD_PX, length);
  const headPath = new Path2D();
  for (const side of [-1, 1]) {
    headPath.moveTo(to.x, to.y);
    headPath.lineTo(
      to.x - size * Math.cos(direction + side * ARROW_HEAD_ANGLE),
      to.y - size * Math.sin(direction + side * ARROW_HEAD_ANGLE),
    );
  }
  // The head is always solid: a dotted head is no arrow.
  twice(brush.context, headPath, { ...look, dash: [] }, selected);
}

export function twice(
  context: CanvasRenderingContext2D,
  path: Path2D,
  look: PenLook,
  selected: boolean,
): void {
  context.lineCap = "round";
  context.lineJoin = "round";
  const extra = selected ? SELECTED_EXTRA_PX : 0;
  context.setLineDash([]);
  context.strokeStyle = HALO;
  context.lineWidth = LINE_PX + HALO_EXTRA_PX + extra;
  context.stroke(path);
  const width = LINE_PX + extra;
  context.setLineDash(look.dash.map((part) => part * width));
  context.strokeStyle = look.colour;
  context.lineWidth = width;
  context.stroke(path);
  context.setLineDash([]);
}

function drawLabel(brush: Brush, at: StagePoint, text: string, look: PenLook, selected: boolean): void {
  const { context } = brush;
  context.font = labelFont(brush);
  words(context, at, text, look.colour);
  const width = context.measureText(text).width;
  const line = new Path2D();
  line.moveTo(at.x, at.y + LABEL_LINE_PX);
  line.lineTo(at.x + width, at.y + LABEL_LINE_PX);
  twice(context, line, look, selected);
}

function words(context: CanvasRenderingContext2D, at: StagePoint, text: string, colour: string): void {
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.lineJoin = "round";
  context.setLineDash([]);
  context.strokeStyle = HALO;
  context.lineWidth = 5;
  context.strokeText(text, at.x, at.y);
  context.fillStyle = colour;
  context.fillText(text, at.x, at.y);
}

/** A small remark beside a place, for example a value, or who draws there. */
export function drawTag(brush: Brush, at: StagePoint, text: string): void {
  brush.context.font = tagFont(brush);
  words(brush.context, stagePoint(at.x + TAG_LIFT_PX, at.y - TAG_LIFT_PX), text, "#ffffff");
}

/** What such a remark covers. */
export function tagRoom(brush: Brush, at: StagePoint, text: string): Box {
  brush.context.font = tagFont(brush);
  return above(
    brush.context,
    stagePoint(at.x + TAG_LIFT_PX, at.y - TAG_LIFT_PX),
    text,
    TAG_FONT_REM * brush.remPx,
  );
}

/** What the words of a label cover, with the line under them. */
export function labelRoom(brush: Brush, { at, text }: Extract<Shape, { type: "label" }>): Box {
  brush.context.font = labelFont(brush);
  const room = above(brush.context, brush.place(fromWire(at)), text, LABEL_FONT_REM * brush.remPx);
  return { ...room, height: room.height + 2 * LABEL_LINE_PX };
}

/** Words that fill this place, in the font of the context. */
export function drawSmall(context: CanvasRenderingContext2D, place: Box, text: string, colour: string): void {
  words(context, stagePoint(place.x, place.y + place.height * BASELINE), text, colour);
}

function above(context: CanvasRenderingContext2D, at: StagePoint, text: string, height: number): Box {
  return { x: at.x, y: at.y - height * BASELINE, width: context.measureText(text).width, height };
}

function tagFont({ remPx }: Brush): string {
  return `600 ${TAG_FONT_REM * remPx}px system-ui, sans-serif`;
}

function labelFont({ remPx }: Brush): string {
  return `600 ${LABEL_FONT_REM * remPx}px system-ui, sans-serif`;
}

export type PointerLook = PersonLook & { readonly name: string; readonly initials: string };

/** Somebody's pointer: a ring whose middle stays free, with initials and name beside it. */
export function drawPointer(brush: Brush, at: StagePoint, look: PointerLook): void {
  const { context } = brush;
  const ring = new Path2D();
  ring.arc(at.x, at.y, POINTER_RADIUS_PX, 0, 2 * Math.PI);
  context.setLineDash([]);
  context.strokeStyle = HALO;
  context.lineWidth = 7;
  context.stroke(ring);
  context.setLineDash([...(RING_DASHES[look.pattern] ?? [])]);
  context.strokeStyle = look.colour;
  context.lineWidth = 3.5;
  context.stroke(ring);
  context.setLineDash([]);
  const dot = new Path2D();
  dot.arc(at.x, at.y, 2.5, 0, 2 * Math.PI);
  context.fillStyle = look.colour;
  context.fill(dot);
  context.font = tagFont(brush);
  words(context, stagePoint(at.x + POINTER_RADIUS_PX + 6, at.y - 6), look.name, look.colour);
}

/** The keyboard's cursor: a cross with a free middle. */
export function drawCursor(brush: Brush, at: StagePoint, drawing: boolean): void {
  const path = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    path.moveTo(at.x + dx * 4, at.y + dy * 4);
    path.lineTo(at.x + dx * CURSOR_ARM_PX, at.y + dy * CURSOR_ARM_PX);
  }
  twice(brush.context, path, { colour: drawing ? "#5fe38a" : "#ffffff", dash: [] }, false);
}
