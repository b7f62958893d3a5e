// The form that makes a case of a consult that is over.
//
// Owns what is typed and which clips are ticked. Where the case is afterwards, its own page says.

import { useEffect, useState } from "preact/hooks";
import { day, tc } from "../i18n/case";
import { t } from "../i18n/i18n";
import { makeCase, readSources } from "../net/cases";
import { type ApiCode, ApiProblem } from "../net/http";
import { casePath, navigate } from "../router";
import type { CaseConsent } from "../wire/case";
import type { ClipHead } from "../wire/clip";
import type { SessionGrant } from "../wire/http";
import type { ClipId, ConsultId } from "../wire/ids";
import type { RelayTime } from "../wire/units";
import { choiceTrouble, chosenClips, usualChoice } from "./case-choice";
import { CaseSources } from "./case-sources";
import { useConsults } from "./past-choice";

const CONSENTS: readonly CaseConsent[] = ["teaching", "teachingAndExport"];
/** A case that nobody looks at again goes by itself. */
const DAY_MS = 24 * 3_600 * 1_000;
const USUAL_MS = 365 * DAY_MS;
const MOST = 80;
/** What a date can say. */
const LAST_DAY = "9999-12-31";

export function CaseForm({ grant }: { grant: SessionGrant }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="cases__new">
      <h2>
        <button
          type="button"
          class="button"
          aria-expanded={isOpen}
          data-testid="case-new"
          onClick={() => setOpen(!isOpen)}
        >
          {tc("case.new")}
        </button>
      </h2>
      {isOpen && <Form grant={grant} />}
    </section>
  );
}

type Sources = { readonly consult: ConsultId; readonly clips: readonly ClipHead[] };

function Form({ grant }: { grant: SessionGrant }) {
  const [before, setBefore] = useState<number | null>(null);
  const found = useConsults(grant.session, true, before);
  const { consults: closed } = found;
  const [consult, setConsult] = useState<ConsultId | null>(null);
  const [held, setHeld] = useState<Sources | null>(null);
  // Those of another consult are none.
  const sources = held?.consult === consult ? held.clips : null;
  const [chosen, setChosen] = useState<ReadonlySet<ClipId>>(new Set());
  const [making, setMaking] = useState(false);
  const [trouble, setTrouble] = useState<ApiCode | null>(null);
  const [usualDay] = useState(() => new Date(Date.now() + USUAL_MS).toISOString().slice(0, 10));
  const fails = (cause: unknown) => setTrouble(cause instanceof ApiProblem ? cause.code : "internal");
  useEffect(() => {
    if (closed !== null && !closed.some((one) => one.consult === consult))
      setConsult(closed[0]?.consult ?? null);
  }, [closed]);
  useEffect(() => {
    if (consult === null) return;
    const closing = new AbortController();
    readSources(grant.session, consult, closing.signal).then(
      (found) => {
        setHeld({ consult, clips: found });
        setChosen(usualChoice(found));
      },
      (cause: unknown) => {
        if (!closing.signal.aborted) fails(cause);
      },
    );
    return () => closing.abort();
  }, [grant.session, consult]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (consult === null || sources === null) return;
    const typed = new FormData(event.currentTarget as HTMLFormElement);
    const words = (name: string) => String(typed.get(name) ?? "").trim();
    const list = (name: string) =>
      words(name)
        .split(/[、,]/)
        .map((one) => one.trim())
        .filter((one) => one !== "");
    setMaking(true);
    setTrouble(null);
    try {
      const made = await makeCase(grant.session, {
        consult,
        clips: chosenClips(sources, chosen),
        facts: {
          title: words("title"),
          findings: list("findings"),
          collections: list("collections"),
          difficulty: Number(words("difficulty")),
          consent: words("consent") as CaseConsent,
          licence: words("licence"),
          expiresAt: (new Date(`${words("until")}T23:59:59`).getTime() * 1_000) as RelayTime,
        },
      });
      navigate(casePath(made.summary.case));
    } catch (cause) {
      fails(cause);
      setMaking(false);
    }
  };
  if (closed === null) return <p role="status">{troubleWords(found.trouble) ?? t("entry.loading")}</p>;
  if (closed.length === 0 && before === null) return <p>{tc("case.noConsult")}</p>;
  const text = (name: string, label: string, more: object = {}) => (
    <label>
      {label}
      <input class="field" type="text" name={name} maxLength={MOST} {...more} />
    </label>
  );
  return (
    <form class="cases__form" onSubmit={(event) => void submit(event)} data-testid="case-form">
      <p class="quiet">{tc("case.newLead")}</p>
      <label>
        {tc("case.consult")}
        <select
          class="field"
          name="consult"
          value={consult ?? ""}
          onChange={({ currentTarget }) => setConsult(currentTarget.value as ConsultId)}
        >
          {closed.map(({ consult, alias, openedAt }) => (
            <option key={consult} value={consult}>
              {alias} {day(openedAt)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {tc("case.consultUntil")}
        <input
          class="field"
          type="date"
          max={LAST_DAY}
          data-testid="case-consult-until"
          onChange={({ currentTarget }) => setBefore(dayAfterUs(currentTarget.value))}
        />
      </label>
      {found.more && (
        <button type="button" class="button" data-testid="case-consult-older" onClick={found.older}>
          {tc("case.consultOlder")}
        </button>
      )}
      {closed.length === 0 && <p role="status">{tc("case.noConsultUntil")}</p>}
      {found.trouble !== null && <p role="alert">{troubleWords(found.trouble)}</p>}
      {consult !== null && sources !== null && sources.length > 0 && (
        <CaseSources grant={grant} consult={consult} sources={sources} chosen={chosen} chooses={setChosen} />
      )}
      {sources?.length === 0 && <p role="status">{tc("case.noClip")}</p>}
      {text("title", tc("case.name"), { required: true })}
      {text("findings", tc("case.findings"))}
      {text("collections", tc("case.collections"))}
      <label>
        {tc("case.difficulty")}
        <select class="field" name="difficulty">
          {["1", "2", "3"].map((level) => (
            <option key={level} value={level}>
              {tc("case.level", { level })}
            </option>
          ))}
        </select>
      </label>
      <label>
        {tc("case.consent")}
        <select class="field" name="consent">
          {CONSENTS.map((consent) => (
            <option key={consent} value={consent}>
              {tc(`case.consent.${consent}`)}
            </option>
          ))}
        </select>
      </label>
      {text("licence", tc("case.licence"), { required: true, placeholder: tc("case.licenceExample") })}
      <label>
        {tc("case.until")}
        <input
          class="field"
          type="date"
          name="until"
          required
          max={LAST_DAY}
          // What somebody typed stays, whatever else changes in the form: a patient agreed to that day.
          defaultValue={usualDay}
        />
      </label>
      <button
        type="submit"
        class="button button--primary"
        disabled={making || sources === null || choiceTrouble(chosen) !== null}
        data-testid="case-make"
      >
        {tc("case.make")}
      </button>
      <p role="status">{making ? tc("case.making") : troubleWords(trouble)}</p>
    </form>
  );
}

/** The end of a day where the person is. */
function dayAfterUs(day: string): number | null {
  const ms = day === "" ? Number.NaN : new Date(`${day}T00:00:00`).getTime();
  return Number.isFinite(ms) ? (ms + DAY_MS) * 1_000 : null;
}

export function troubleWords(trouble: ApiCode | null): string | null {
  if (trouble === null) return null;
  return trouble === "unreachable" ? t("entry.unreachable") : t(`problem.${trouble}`);
}
