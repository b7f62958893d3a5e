// The consult's marks over the preview. Only ink: what is pressed and said about them stands in `marks-part.tsx`.

import { useEffect, useRef } from "preact/hooks";
import { unlessSame } from "../marks/visible";
import type { MarkState } from "../wire/socket";
import { drawMarks } from "./ink";
import type { Marks } from "./marks";
import { say } from "./say";

export function MarksOverlay({ marks, seen }: { marks: Marks; seen: readonly MarkState[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const before = useRef<readonly MarkState[]>([]);
  before.current = unlessSame(before.current, seen);
  const drawn = before.current;
  const { value: figureOf } = marks.figureOf;
  const staleTag = say("marks.onStale");
  useEffect(() => {
    const ink = canvas.current;
    if (ink === null) return undefined;
    // The observer tells the size at once, and again whenever it changes.
    const observer = new ResizeObserver(() => drawMarks(ink, drawn, { figureOf, staleTag }));
    observer.observe(ink);
    return () => observer.disconnect();
  }, [drawn, figureOf, staleTag]);
  return (
    <canvas
      ref={canvas}
      class="marksink"
      data-testid="marks"
      data-marks={drawn.map(({ mark }) => mark.id).join(" ")}
    />
  );
}
