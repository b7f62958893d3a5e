// A short line as a pen draws it.

import { PEN_LOOKS } from "../stage/pens";
import type { Pen } from "../wire/mark";

const WIDTH = 2.6;

export function PenLine({ pen }: { pen: Pen }) {
  const { colour, dash } = PEN_LOOKS[pen];
  return (
    <svg class="penline" viewBox="0 0 44 12" aria-hidden="true">
      <path
        d="M2 6h40"
        fill="none"
        stroke={colour}
        stroke-width={WIDTH}
        stroke-linecap="round"
        stroke-dasharray={dash.map((part) => part * WIDTH).join(" ")}
      />
    </svg>
  );
}
