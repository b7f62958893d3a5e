// Clips that may be another patient's: nothing of them leaves before a person has said that it belongs to this consult.

import { language } from "../i18n/language";
import type { DeviceState, DeviceWaiting } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";

export function UnsurePart({ desk, state }: { desk: Desk; state: DeviceState }) {
  const { waiting, clips } = state;
  if (waiting.length === 0) return null;
  const more = (clips?.waiting ?? 0) - waiting.length;
  return (
    <section class="part part--open" aria-label={say("unsure")} data-testid="unsure">
      <h2 class="part__name">{say("unsure")}</h2>
      <p>{say("unsure.words")}</p>
      <ul class="unsure">
        {waiting.map((clip) => (
          <li class="unsure__clip" key={clip.clip}>
            <span>{described(clip)}</span>
            <button
              type="button"
              class="button"
              aria-label={say("unsure.sendOne", { what: described(clip) })}
              onClick={() => void desk.send(clip.clip)}
            >
              {say("unsure.send")}
            </button>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="quiet">{say("unsure.more", { count: more })}</p>}
    </section>
  );
}

const US_PER_MS = 1_000;

/** With the day: it is what tells yesterday's patient. */
function described({ takenAt, frames, exported }: DeviceWaiting): string {
  const form = { dateStyle: "medium", timeStyle: "short" } as const;
  const at = new Intl.DateTimeFormat(language.value, form).format(takenAt / US_PER_MS);
  return say(exported ? "unsure.exported" : "unsure.saved", { at, frames });
}
