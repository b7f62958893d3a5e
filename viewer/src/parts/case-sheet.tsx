// The frames of a case's clip beside each other, each with what was drawn on it, large enough to read what stands in them.
//
// Owns which portion of a long clip is laid out, and says which frames are near and which stand on the screen. Frames themselves are
// the player's.

import { useEffect, useRef, useState } from "preact/hooks";
import { tc } from "../i18n/case";
import type { CaseDrawn, CaseMade } from "../wire/case";
import type { CaseFrames } from "./case-frames";
import { CaseLines } from "./case-marks";

/** Frames that are laid out at once. */
export const PORTION = 120;
/** So far from the screen frames are asked for. */
const NEAR = "50% 0px";
/** So much of a frame stands on the screen when it does. */
const ON_SCREEN = 0.6;

type Props = {
  readonly frames: CaseFrames;
  readonly made: CaseMade;
  readonly drawn: CaseDrawn | null;
  readonly isOpen: boolean;
  readonly goes: (index: number) => void;
  /** What is or comes on the screen, and what of it stands there. */
  readonly tells: (near: readonly number[], standing: readonly number[]) => void;
};

export function CaseSheet({ frames, made, drawn, isOpen, goes, tells }: Props) {
  const [portion, setPortion] = useState(0);
  const cells = useRef(new Map<number, HTMLElement>());
  const first = portion * PORTION;
  const indices = Array.from({ length: Math.min(PORTION, made.frames - first) }, (_, place) => first + place);
  useEffect(() => {
    const places = new Map([...cells.current].map(([index, cell]) => [cell as Element, index]));
    const [near, standing] = [new Set<number>(), new Set<number>()];
    const watch = (held: Set<number>, how: IntersectionObserverInit) => {
      const watching = new IntersectionObserver((seen) => {
        for (const { target, isIntersecting } of seen) {
          const index = places.get(target) ?? -1;
          if (isIntersecting) held.add(index);
          else held.delete(index);
        }
        tells([...near], [...standing]);
      }, how);
      for (const cell of places.keys()) watching.observe(cell);
      return watching;
    };
    const watching = [watch(near, { rootMargin: NEAR }), watch(standing, { threshold: ON_SCREEN })];
    return () => {
      for (const one of watching) one.disconnect();
      tells([], []);
    };
  }, [portion, made.frames]);
  const marked = new Set(drawn?.lines.map(({ frame }) => frame as number));
  const last = Math.floor((made.frames - 1) / PORTION);
  return (
    <details open={isOpen}>
      <summary>{tc("case.frames")}</summary>
      {last > 0 && (
        <p class="case__actions" data-testid="case-portion">
          <button
            type="button"
            class="button"
            disabled={portion === 0}
            onClick={() => setPortion(portion - 1)}
          >
            {tc("case.portionBefore")}
          </button>
          <span class="case__number">
            {tc("case.portion", {
              first: first + 1,
              last: first + indices.length,
              count: made.frames,
            })}
          </span>
          <button
            type="button"
            class="button"
            disabled={portion === last}
            onClick={() => setPortion(portion + 1)}
          >
            {tc("case.portionNext")}
          </button>
        </p>
      )}
      <ol class="case__sheet" start={first + 1}>
        {indices.map((index) => {
          const url = frames.url(index);
          return (
            <li
              key={index}
              ref={(cell) => {
                if (cell === null) cells.current.delete(index);
                else cells.current.set(index, cell);
              }}
              data-marked={marked.has(index)}
              data-testid="case-cell"
            >
              <button
                type="button"
                aria-label={tc("case.frame", { frame: index + 1 })}
                style={{ aspectRatio: `${made.width} / ${made.height}` }}
                onClick={() => goes(index)}
              >
                {url !== null && (
                  <>
                    <img src={url} alt="" width={made.width} height={made.height} />
                    {drawn !== null && (
                      <CaseLines made={made} lines={drawn.lines} frame={index} name="case-cell-lines" />
                    )}
                  </>
                )}
              </button>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
