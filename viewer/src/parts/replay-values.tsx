// What the consult measured on the frame that a recorded clip shows: value, source of its scale, frame and author.
//
// Beside the ink, which has room for the bare value. Invariant: nothing where nobody measures, and no value without its origin.

import { tc } from "../i18n/clip-words";
import type { Desk } from "../live/desk";
import { kindWords, originWords, valueWords } from "../live/measure-words";
import type { MarkState } from "../wire/socket";
import { authorName } from "./mark-card";

export function ReplayValues({ desk, marks }: { desk: Desk; marks: readonly MarkState[] }) {
  const rows = marks.flatMap((held) => {
    const { shape, id } = held.mark;
    const answer = desk.measuring.answerOf(held);
    const value = valueWords(answer);
    if (shape.type !== "measure" || value === null) return [];
    const origin = originWords(answer, desk.measuring.gaugeOf(held));
    return [{ id, what: kindWords(shape.what), value, origin, author: authorName(held) }];
  });
  if (rows.length === 0) return null;
  return (
    <ul class="replay__values" aria-label={tc("replay.values")} data-testid="replay-values">
      {rows.map(({ id, what, value, origin, author }) => (
        <li key={id}>
          {what} <strong>{value}</strong>{" "}
          <span class="quiet">
            {[origin, author].filter((words) => words !== null && words !== "").join(" · ")}
          </span>
        </li>
      ))}
    </ul>
  );
}
