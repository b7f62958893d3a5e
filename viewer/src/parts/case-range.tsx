// A range that somebody draws on a picture: dragged over it, or typed in pixels beside it.
//
// Owns the range until it is said to be right. Called for what is blanked and for what stays. Invariant: what is given lies inside the
// picture and is not turned inside out.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { tc } from "../i18n/case";
import type { CaseRectangle } from "../wire/case";

const SIDES = ["left", "top", "right", "bottom"] as const;
type Side = (typeof SIDES)[number];
export type Typed = Readonly<Record<Side, string>>;
export type PictureSize = { readonly width: number; readonly height: number };

const NOTHING: Typed = { left: "", top: "", right: "", bottom: "" };

type Props = {
  readonly url: string | null;
  readonly size: PictureSize;
  readonly lead: string;
  /** What is done with it, on the button. */
  readonly does: string;
  readonly chooses: (range: CaseRectangle) => void;
  /** Somebody does not want to after all. */
  readonly leaves?: () => void;
  readonly children?: ComponentChildren;
};

export function CaseRange({ url, size, lead, does, chooses, leaves, children }: Props) {
  const [typed, setTyped] = useState<Typed>(NOTHING);
  const from = useRef<readonly [number, number] | null>(null);
  const range = rangeOf(typed, size);
  const drag = (event: PointerEvent) => {
    const began = from.current;
    if (began === null) return;
    const [x, y] = pixelAt(event, size);
    setTyped(spanned(began, [x, y]));
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (range !== null) chooses(range);
  };
  return (
    <form class="case__drawing" onSubmit={submit}>
      <p class="quiet">{lead}</p>
      <div
        class="case__picture"
        data-draws="true"
        data-testid="case-range"
        style={{ aspectRatio: `${size.width} / ${size.height}` }}
        onPointerDown={(event) => {
          // A drag that ends outside of the picture ends at its edge.
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = pixelAt(event, size);
        }}
        onPointerMove={drag}
        onPointerUp={(event) => {
          drag(event);
          from.current = null;
        }}
        onPointerCancel={() => {
          from.current = null;
          setTyped(NOTHING);
        }}
      >
        {url !== null && <img src={url} alt="" draggable={false} data-testid="case-range-picture" />}
        {children}
        {range !== null && <span class="case__range" style={placeOf(range, size)} />}
      </div>
      <div class="case__sides">
        {SIDES.map((side) => (
          <label key={side} class="case__side">
            {tc(`case.${side}`)}
            <input
              class="field"
              type="number"
              min={0}
              max={(side === "left" || side === "right" ? size.width : size.height) - 1}
              required
              value={typed[side]}
              data-testid={`case-range-${side}`}
              onInput={({ currentTarget: { value } }) => setTyped((held) => ({ ...held, [side]: value }))}
            />
          </label>
        ))}
      </div>
      <p class="case__actions">
        <button
          type="submit"
          class="button button--primary"
          disabled={range === null}
          data-testid="case-range-do"
        >
          {does}
        </button>
        {leaves !== undefined && (
          <button type="button" class="button" onClick={leaves}>
            {tc("case.drawNot")}
          </button>
        )}
      </p>
    </form>
  );
}

/** The pixel under a pointer, the nearest one when it is outside. */
function pixelAt(event: PointerEvent, { width, height }: PictureSize): readonly [number, number] {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const pixel = (at: number, size: number, count: number) =>
    Math.min(Math.max(Math.floor((at / size) * count), 0), count - 1);
  return [
    pixel(event.clientX - box.left, box.width, width),
    pixel(event.clientY - box.top, box.height, height),
  ];
}

function spanned([x, y]: readonly [number, number], [right, bottom]: readonly [number, number]): Typed {
  return {
    left: String(Math.min(x, right)),
    top: String(Math.min(y, bottom)),
    right: String(Math.max(x, right)),
    bottom: String(Math.max(y, bottom)),
  };
}

/** Null while it is none: something is missing, outside or the wrong way round. */
export function rangeOf(typed: Typed, { width, height }: PictureSize): CaseRectangle | null {
  if (SIDES.some((side) => !/^\d+$/.test(typed[side].trim()))) return null;
  const [left, top, right, bottom] = SIDES.map((side) => Number(typed[side])) as [
    number,
    number,
    number,
    number,
  ];
  const isInside = right < width && bottom < height;
  return isInside && left <= right && top <= bottom ? { left, top, right, bottom } : null;
}

function placeOf({ left, top, right, bottom }: CaseRectangle, { width, height }: PictureSize) {
  const percent = (part: number, whole: number) => `${(part / whole) * 100}%`;
  return {
    left: percent(left, width),
    top: percent(top, height),
    width: percent(right + 1 - left, width),
    height: percent(bottom + 1 - top, height),
  };
}
