// The switch for the consult's marks, and what is to be said of them: how many, that they may be old, where others are, and
// where each value comes from that stands over the picture.

import { tagOf } from "../stage/draw-marks";
import type { DeviceState } from "../wire/device";
import type { MarkState } from "../wire/socket";
import type { Desk } from "./desk";
import type { FigureOf } from "./mark-figures";
import { onStillFrame } from "./marks";
import { say } from "./say";

type Props = { readonly desk: Desk; readonly state: DeviceState; readonly seen: readonly MarkState[] };

export function MarksPart({ desk, state, seen }: Props) {
  const { value: held } = desk.marks.held;
  if (state.link.type === "off" || held === null) return null;
  const { value: wanted } = desk.marks.wanted;
  const elsewhere = onStillFrame(held, state);
  return (
    <section class="marks" aria-label={say("marks")}>
      <label class="switch">
        <input
          type="checkbox"
          checked={wanted}
          onChange={(event) => desk.marks.want(event.currentTarget.checked)}
        />
        <span class="switch__track" aria-hidden="true" />
        <span>{say("marks.show")}</span>
        {seen.length > 0 && (
          <span class="part__count" data-testid="marks-count">
            {seen.length}
          </span>
        )}
      </label>
      {elsewhere !== null && (
        <button
          type="button"
          class="button"
          onClick={() => void desk.freezeOn(elsewhere.mark.anchor.rtpTime)}
          data-testid="marks-look"
        >
          {say("marks.look")}
        </button>
      )}
      {wanted && <Values figureOf={desk.marks.figureOf.value} seen={seen} />}
      {seen.length > 0 && state.link.type !== "live" && <p role="status">{say("marks.old")}</p>}
    </section>
  );
}

/** The values over the picture, each with whose it is, the source of its scale and its frame. */
function Values({ figureOf, seen }: { figureOf: FigureOf | null; seen: readonly MarkState[] }) {
  const told = seen.flatMap((held) => {
    const one = figureOf?.(held) ?? null;
    return one === null ? [] : [{ ...one, id: held.mark.id, by: tagOf(held, say("marks.onStale")) }];
  });
  if (told.length === 0) return null;
  return (
    <ul class="marks__values" data-testid="marks-values">
      {told.map(({ id, by, value, from }) => (
        <li key={id}>
          {by} <strong>{value}</strong> <span class="quiet">{from}</span>
        </li>
      ))}
    </ul>
  );
}
