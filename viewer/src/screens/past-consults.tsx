// Consults to replay, on the entry page: found by view, finding, person and date. Loaded when somebody opens the list.

import { useEffect, useState } from "preact/hooks";
import { dayTime, tp } from "../i18n/consult-replay";
import { t } from "../i18n/i18n";
import { type ApiCode, ApiProblem } from "../net/http";
import { type Search, searchReplays } from "../replay/source";
import { follow, replayPath } from "../router";
import { MAX_SEARCH_CHARS } from "../wire/constants";
import type { SessionGrant } from "../wire/http";
import type { ReplayList, ReplaySummary } from "../wire/replay";
import "../style/consult-replay.css";

const DAY_US = 24 * 3_600 * 1e6;
/** What somebody types is looked for when they stop. */
const TYPED_MS = 300;

type Asked = {
  readonly view: string;
  readonly finding: string;
  readonly person: string;
  readonly from: string;
  readonly until: string;
};
const NOTHING: Asked = { view: "", finding: "", person: "", from: "", until: "" };

export function PastConsults({ grant }: { grant: SessionGrant }) {
  const [asked, setAsked] = useState<Asked>(NOTHING);
  const [before, setBefore] = useState<number | null>(null);
  const [found, setFound] = useState<ReplayList | null>(null);
  const [trouble, setTrouble] = useState<ApiCode | null>(null);
  useEffect(() => {
    const closing = new AbortController();
    const look = () =>
      searchReplays(grant.session, searchOf(asked, before), closing.signal).then(
        (list) => {
          setTrouble(null);
          setFound((held) =>
            before === null || held === null
              ? list
              : { ...list, consults: [...held.consults, ...list.consults] },
          );
        },
        (cause: unknown) => {
          if (!closing.signal.aborted) setTrouble(cause instanceof ApiProblem ? cause.code : "internal");
        },
      );
    const timer = setTimeout(() => void look(), TYPED_MS);
    return () => {
      clearTimeout(timer);
      closing.abort();
    };
  }, [grant.session, asked, before]);
  const ask = (what: Partial<Asked>) => {
    setBefore(null);
    setAsked({ ...asked, ...what });
  };
  const words = (name: "view" | "finding" | "person", label: string) => (
    <label>
      {label}
      <input
        class="field"
        type="search"
        maxLength={MAX_SEARCH_CHARS}
        value={asked[name]}
        data-testid={`past-search-${name}`}
        onInput={({ currentTarget }) => ask({ [name]: currentTarget.value })}
      />
    </label>
  );
  const day = (name: "from" | "until", label: string) => (
    <label>
      {label}
      <input
        class="field"
        type="date"
        value={asked[name]}
        data-testid={`past-search-${name}`}
        onInput={({ currentTarget }) => ask({ [name]: currentTarget.value })}
      />
    </label>
  );
  const last = found?.consults.at(-1);
  return (
    <div class="past__found" data-testid="past-list">
      <p class="quiet">{tp("past.listLead")}</p>
      <fieldset class="past__filters">
        <legend class="unseen">{tp("past.search")}</legend>
        {words("view", tp("past.view"))}
        {words("finding", tp("past.finding"))}
        {words("person", tp("past.person"))}
        {day("from", tp("past.from"))}
        {day("until", tp("past.until"))}
      </fieldset>
      <p role="status">{statusWords(found, trouble)}</p>
      <ul>
        {found?.consults.map((one) => (
          <Found key={one.consult} found={one} />
        ))}
      </ul>
      {found?.more && last !== undefined && (
        <button type="button" class="button" onClick={() => setBefore(last.openedAt)}>
          {tp("past.more")}
        </button>
      )}
    </div>
  );
}

function Found({ found }: { found: ReplaySummary }) {
  const path = replayPath(found.consult);
  const more = [found.people.map(({ name }) => name), found.views, found.findings].map((words) =>
    words.join(", "),
  );
  return (
    <li class="past__one">
      <span>
        <strong>{found.alias}</strong> <span>{dayTime(found.openedAt)}</span>
        {more
          .filter((words) => words !== "")
          .map((words) => (
            <span key={words} class="quiet past__more">
              {words}
            </span>
          ))}
      </span>
      <a class="button" href={path} onClick={(event) => follow(event, path)} data-testid="past-open">
        {tp("past.open")}
      </a>
    </li>
  );
}

function searchOf({ view, finding, person, from, until }: Asked, before: number | null): Search {
  const end = dayUs(until);
  const endUs = end === null ? null : end + DAY_US;
  return { view, finding, person, fromUs: dayUs(from), beforeUs: before ?? endUs };
}

/** The beginning of a day where the person is. */
function dayUs(day: string): number | null {
  const ms = day === "" ? Number.NaN : new Date(`${day}T00:00:00`).getTime();
  return Number.isFinite(ms) ? ms * 1_000 : null;
}

function statusWords(found: ReplayList | null, trouble: ApiCode | null): string {
  if (trouble === "unreachable") return t("entry.unreachable");
  if (trouble !== null) return t(`problem.${trouble}`);
  if (found === null) return t("entry.loading");
  return found.consults.length === 0 ? tp("past.noneFound") : "";
}
