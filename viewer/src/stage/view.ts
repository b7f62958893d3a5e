// How the picture lies on the stage: letterbox, zoom and pan, and the way between pixels and fractions.
//
// Pure functions over immutable values; no DOM. Called by the stage, its input and the video element's transform.
// Invariant: `toPicture(toStage(p)) = p` up to rounding at any zoom, and the zoomed content always covers the stage,
// so that nobody can lose the picture by panning.

import { type PicturePoint, picturePoint, type Size, type StagePoint, stagePoint } from "./points";

/** 1 shows the whole picture; more than 8 shows single pixels of an 800 px picture on a large screen. */
export const MIN_ZOOM = 1;
export const MAX_ZOOM = 8;
/** One press of a key or button zooms by this much. */
export const ZOOM_STEP = 1.25;

/** A rectangle in CSS pixels of the stage. */
export type Box = Size & { readonly x: number; readonly y: number };

/** Zoom and pan. `pan` moves the zoomed stage content, in CSS pixels; it is 0 or negative. */
export type View = { readonly zoom: number; readonly panX: number; readonly panY: number };

export const WHOLE: View = { zoom: 1, panX: 0, panY: 0 };

/** Where a picture lies inside a stage when nothing is zoomed: centred, whole, in its own proportions. */
export function letterbox(stage: Size, picture: Size): Box {
  if (picture.width <= 0 || picture.height <= 0 || stage.width <= 0 || stage.height <= 0) {
    return { x: 0, y: 0, width: 0, height: 0 };
  }
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (stage.width - width) / 2, y: (stage.height - height) / 2, width, height };
}

export function toStage(point: PicturePoint, box: Box, view: View): StagePoint {
  return stagePoint(
    (box.x + point.x * box.width) * view.zoom + view.panX,
    (box.y + point.y * box.height) * view.zoom + view.panY,
  );
}

/** The place in the picture under a pixel, moved to the nearest edge when it lies outside. */
export function toPicture(point: StagePoint, box: Box, view: View): PicturePoint {
  const [x, y] = rawFractions(point, box, view);
  return picturePoint(x, y);
}

/** Whether a pixel lies on the picture and not on the letterbox. */
export function onPicture(point: StagePoint, box: Box, view: View): boolean {
  const [x, y] = rawFractions(point, box, view);
  return x >= 0 && x <= 1 && y >= 0 && y <= 1;
}

/** Zooms by a factor so that what lies under `at` stays under it. */
export function zoomAt(view: View, at: StagePoint, factor: number, stage: Size): View {
  const zoom = clamp(view.zoom * factor, MIN_ZOOM, MAX_ZOOM);
  const ratio = zoom / view.zoom;
  return contain(
    { zoom, panX: at.x - (at.x - view.panX) * ratio, panY: at.y - (at.y - view.panY) * ratio },
    stage,
  );
}

export function panBy(view: View, dx: number, dy: number, stage: Size): View {
  return contain({ ...view, panX: view.panX + dx, panY: view.panY + dy }, stage);
}

/** The same view after the stage changed its size: the same place stays in the middle. */
export function resized(view: View, from: Size, to: Size): View {
  if (from.width <= 0 || from.height <= 0) return WHOLE;
  const centreX = (from.width / 2 - view.panX) / from.width;
  const centreY = (from.height / 2 - view.panY) / from.height;
  return contain(
    { zoom: view.zoom, panX: to.width / 2 - centreX * to.width, panY: to.height / 2 - centreY * to.height },
    to,
  );
}

/** Pans as little as needed so that `point` is visible with some room around it; for the keyboard cursor. */
export function reveal(point: StagePoint, view: View, stage: Size, room: number): View {
  const dx = shift(point.x, stage.width, room);
  const dy = shift(point.y, stage.height, room);
  return dx === 0 && dy === 0 ? view : panBy(view, dx, dy, stage);
}

function shift(at: number, extent: number, room: number): number {
  if (at < room) return room - at;
  return at > extent - room ? extent - room - at : 0;
}

function contain(view: View, stage: Size): View {
  return {
    zoom: view.zoom,
    panX: clamp(view.panX, stage.width * (1 - view.zoom), 0),
    panY: clamp(view.panY, stage.height * (1 - view.zoom), 0),
  };
}

function rawFractions(point: StagePoint, box: Box, view: View): [number, number] {
  if (box.width <= 0 || box.height <= 0) return [Number.NaN, Number.NaN];
  return [
    ((point.x - view.panX) / view.zoom - box.x) / box.width,
    ((point.y - view.panY) / view.zoom - box.y) / box.height,
  ];
}

function clamp(value: number, low: number, high: number): number {
  // `+ 0` turns -0 into 0, so that equal views are equal.
  return Math.min(Math.max(value, low), high) + 0;
}
