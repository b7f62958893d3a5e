// Who is here: rings in the bar; names, roles, voice and link in a list.

import { t } from "../i18n/i18n";
import type { Consult } from "../live/consult";
import type { LinkSeen } from "../wire/link";
import type { VoiceState } from "../wire/voice";
import { numbers, SHAPES } from "./badge";
import { Initials } from "./person";

/** Rings shown before the rest becomes a number. */
const MOST_RINGS = 5;

export function PeopleRings({ consult }: { consult: Consult }) {
  const people = consult.people.value;
  return (
    <span
      class="rings"
      role="img"
      aria-label={t("people.here", { count: people.length })}
      data-testid="people"
    >
      {people.slice(0, MOST_RINGS).map((person) => (
        <Initials
          key={person.session}
          person={person.person}
          initials={person.initials}
          speaks={consult.voices.value.get(person.session) === "speaking"}
        />
      ))}
      {people.length > MOST_RINGS && <span class="rings__more">+{people.length - MOST_RINGS}</span>}
    </span>
  );
}

type ListProps = {
  readonly consult: Consult;
  readonly showPage: boolean;
  /** One word for a link that is good: beside large buttons there is no room for figures that nobody acts on. */
  readonly brief?: boolean;
};

export function PeopleList({ consult, showPage, brief = false }: ListProps) {
  const people = consult.people.value;
  if (people.length === 0) return <p class="quiet">{t("list.noPeople")}</p>;
  return (
    <ul class="people">
      {people.map((person) => (
        <li key={person.session} class="people__person">
          <Initials
            person={person.person}
            initials={person.initials}
            speaks={consult.voices.value.get(person.session) === "speaking"}
          />
          <span>
            <span class="people__name">{person.name}</span>
            {person.session === consult.grant.session && <span class="quiet"> ({t("list.you")})</span>}
            <span class="people__role">
              {t(`role.${person.role}`)}
              {showPage && ` · ${t(`page.${person.page}`)}`}
            </span>
            <VoiceWords state={consult.voices.value.get(person.session)} />
            <LinkWords seen={consult.links.value.get(person.session)?.seen} brief={brief} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Nothing for somebody whose voice is not connected. */
function VoiceWords({ state }: { state: VoiceState | undefined }) {
  if (state === undefined) return null;
  return <span class="people__voice">{t(`voice.${state}`)}</span>;
}

/** How the picture arrives there, in shape, word and numbers; nothing before their page said so. */
export function LinkWords({ seen, brief }: { seen: LinkSeen | undefined; brief: boolean }) {
  if (seen === undefined) return null;
  const { level } = seen;
  const figures = brief && level === "good" ? [] : numbers(seen);
  return (
    <span class="people__link" data-level={level} data-testid="people-link">
      <span aria-hidden="true">{SHAPES[level]}</span>{" "}
      {[t("people.link", { word: t(`badge.${level}`) }), ...figures].join(" · ")}
    </span>
  );
}
