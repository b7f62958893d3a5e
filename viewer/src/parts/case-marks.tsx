// What was drawn and measured on a case's clip, over its picture and below it.
//
// Shows what the files say, in the white pen of the clip player, and changes nothing. Words that were written on the picture and
// who drew it never came over.

import { tc } from "../i18n/case";
import { language } from "../i18n/language";
import { HALO, PEN_LOOKS } from "../stage/pens";
import type { CaseDrawn, CaseLine, CaseMade, CaseNumber } from "../wire/case";
import { numberName, unitWords } from "./case-numbers";

/** In the unit of the page: a line stays as thin when the picture is large. */
const LINE_PX = 2.5;
const HALO_PX = 5;

/** The lines of one frame. */
export function CaseLines({
  made,
  lines,
  frame,
  name = "case-lines",
}: {
  made: CaseMade;
  lines: readonly CaseLine[];
  frame: number;
  /** By which a test finds them. */
  name?: string;
}) {
  const here = lines.filter((line) => line.frame === frame);
  if (here.length === 0) return null;
  const path = ({ points }: CaseLine) => {
    const [first] = points;
    // A dot is a line from a place to itself with round ends.
    const all = points.length === 1 && first !== undefined ? [first, first] : points;
    return all.map(({ x, y }) => `${x * made.width},${y * made.height}`).join(" ");
  };
  const drawn = (colour: string, width: number) =>
    here.map((line, index) => (
      <polyline
        key={index}
        points={path(line)}
        fill="none"
        stroke={colour}
        stroke-width={width}
        stroke-linecap="round"
        stroke-linejoin="round"
        vector-effect="non-scaling-stroke"
      />
    ));
  return (
    <svg
      class="case__lines"
      viewBox={`0 0 ${made.width} ${made.height}`}
      role="img"
      aria-label={tc("case.marksHere", { count: here.length })}
      data-testid={name}
    >
      {drawn(HALO, HALO_PX)}
      {drawn(PEN_LOOKS.white.colour, LINE_PX)}
    </svg>
  );
}

type NumbersProps = {
  readonly drawn: CaseDrawn;
  readonly at: number;
  readonly goes: (index: number) => void;
};

/** Where there are marks, and what was measured; each leads to its frame. */
export function CaseNumbers({ drawn, at, goes }: NumbersProps) {
  const measured = new Set(drawn.numbers.flatMap(({ frames }) => frames as number[]));
  const marked = [...new Set(drawn.lines.map(({ frame }) => frame as number))]
    .filter((frame) => !measured.has(frame))
    .sort((a, b) => a - b);
  const button = (frame: number, words: string, key: string) => (
    <li key={key}>
      <button
        type="button"
        class="button button--quiet"
        aria-pressed={frame === at}
        onClick={() => goes(frame)}
      >
        {words}
      </button>
    </li>
  );
  return (
    <ul class="case__numbers" data-testid="case-numbers">
      {drawn.numbers.map((number, index) => {
        const [frame] = number.frames;
        const words = `${numberName(number)} ${valueWords(number)}`;
        if (frame === undefined) return <li key={`number ${index}`}>{words}</li>;
        return button(
          frame,
          `${words} · ${tc("case.frame", { frame: (frame as number) + 1 })}`,
          `number ${index}`,
        );
      })}
      {marked.map((frame) =>
        button(frame, tc("case.markOn", { frame: (frame as number) + 1 }), `mark ${frame}`),
      )}
    </ul>
  );
}

function valueWords({ value, unit }: CaseNumber): string {
  const digits = { maximumSignificantDigits: 3, useGrouping: false };
  const number = new Intl.NumberFormat(language.value, digits).format(value);
  return unitWords(number, unit);
}
