// Who was there at the moment of a replay, how the picture arrived there, and who spoke.
//
// Reads the player. Invariant: a link is told in the same shape, words and numbers as it was told then.

import { tp } from "../i18n/consult-replay";
import { t } from "../i18n/i18n";
import type { ConsultPlayer } from "../replay/player";
import { LinkWords } from "./people";

export function ReplayPeople({ player }: { player: Pick<ConsultPlayer, "moment" | "speaking"> }) {
  const people = player.moment.value?.people ?? [];
  const speaking = player.speaking.value;
  return (
    <section class="past__people" aria-label={tp("past.people")} data-testid="past-people">
      <h2>{tp("past.people")}</h2>
      {people.length === 0 && <p class="quiet">{tp("past.nobody")}</p>}
      <ul>
        {people.map((person) => (
          <li key={person.session} data-speaking={speaking.has(person.session)}>
            <strong>{person.name}</strong> <span class="quiet">{t(`role.${person.role}`)}</span>{" "}
            {speaking.has(person.session) && <span class="past__speaking">{tp("past.speaking")}</span>}
            <LinkWords seen={person.link ?? undefined} brief={false} />
          </li>
        ))}
      </ul>
    </section>
  );
}
