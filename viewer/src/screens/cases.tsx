// The library of cases: what there is, found by words, view, finding, difficulty and collection, and making a new one.
//
// Owns the search. Loaded when a trainer opens it. One case is `case.tsx`, the form is `parts/case-form.tsx`.

import { useEffect, useState } from "preact/hooks";
import { tc } from "../i18n/case";
import { t } from "../i18n/i18n";
import { type CaseSearch, searchCases } from "../net/cases";
import { type ApiCode, ApiProblem } from "../net/http";
import { knownCollections } from "../parts/case-collections";
import { CaseForm } from "../parts/case-form";
import { LanguageSwitch } from "../parts/language";
import { casePath, follow } from "../router";
import type { CaseList, CaseSummary } from "../wire/case";
import { VIEWS } from "../wire/constants";
import type { SessionGrant } from "../wire/http";
import type { CaseId } from "../wire/ids";
import { CaseScreen } from "./case";
import "../style/cases.css";

/** What somebody types is looked for when they stop. */
const TYPED_MS = 300;
const DIFFICULTIES = ["1", "2", "3"];
const NOTHING: CaseSearch = { words: "", view: "", finding: "", difficulty: "", collection: "" };

export function CasesScreen({ grant, which }: { grant: SessionGrant; which: CaseId | null }) {
  useEffect(() => {
    document.title = `${tc("case.title")} – Hibiki`;
  });
  return (
    <div class="cases">
      <header class="bar">
        <a
          class="bar__home"
          href="/"
          onClick={(event) => follow(event, "/")}
          aria-label={`Hibiki: ${t("entry.back")}`}
        >
          Hibiki
        </a>
        <h1 class="bar__title">{tc("case.title")}</h1>
        <LanguageSwitch />
      </header>
      <main class="cases__main">
        {grant.role !== "trainer" ? (
          <p role="alert">{tc("case.onlyTrainers")}</p>
        ) : which === null ? (
          <Library grant={grant} />
        ) : (
          <CaseScreen key={which} grant={grant} which={which} />
        )}
      </main>
    </div>
  );
}

function Library({ grant }: { grant: SessionGrant }) {
  const [asked, setAsked] = useState<CaseSearch>(NOTHING);
  const [found, setFound] = useState<CaseList | null>(null);
  const [trouble, setTrouble] = useState<ApiCode | null>(null);
  useEffect(() => {
    const closing = new AbortController();
    const look = () =>
      searchCases(grant.session, asked, closing.signal).then(
        (list) => {
          setTrouble(null);
          knownCollections.value = list.collections;
          setFound(list);
        },
        (cause: unknown) => {
          if (!closing.signal.aborted) setTrouble(cause instanceof ApiProblem ? cause.code : "internal");
        },
      );
    const timer = setTimeout(() => void look(), found === null ? 0 : TYPED_MS);
    return () => {
      clearTimeout(timer);
      closing.abort();
    };
  }, [grant.session, asked]);
  const typed = (name: "words" | "finding", label: string) => (
    <label>
      {label}
      <input
        class="field"
        type="search"
        maxLength={64}
        value={asked[name]}
        data-testid={`case-search-${name}`}
        onInput={({ currentTarget }) => setAsked({ ...asked, [name]: currentTarget.value })}
      />
    </label>
  );
  const chosen = (
    name: "view" | "difficulty" | "collection",
    label: string,
    all: readonly string[],
    words: (value: string) => string,
  ) => (
    <label>
      {label}
      <select
        class="field"
        value={asked[name]}
        data-testid={`case-search-${name}`}
        onChange={({ currentTarget }) => setAsked({ ...asked, [name]: currentTarget.value })}
      >
        <option value="">{tc("case.any")}</option>
        {all.map((value) => (
          <option key={value} value={value}>
            {words(value)}
          </option>
        ))}
      </select>
    </label>
  );
  const asItIs = (value: string) => value;
  return (
    <>
      <p class="quiet">{tc("case.lead")}</p>
      <fieldset class="cases__filters">
        <legend class="unseen">{tc("case.search")}</legend>
        {typed("words", tc("case.words"))}
        {typed("finding", tc("case.finding"))}
        {chosen("view", tc("case.view"), VIEWS, asItIs)}
        {chosen("difficulty", tc("case.difficulty"), DIFFICULTIES, (level) => tc("case.level", { level }))}
        {chosen("collection", tc("case.collection"), knownCollections.value, asItIs)}
      </fieldset>
      <p role="status">{statusWords(found, trouble)}</p>
      <ul class="cases__list" data-testid="case-list">
        {found?.cases.map((one) => (
          <Found key={one.case} found={one} />
        ))}
      </ul>
      <CaseForm grant={grant} />
    </>
  );
}

function Found({ found }: { found: CaseSummary }) {
  const { facts } = found;
  const path = casePath(found.case);
  const more = [found.views, facts.findings, facts.collections].filter((words) => words.length > 0);
  return (
    <li class="cases__one">
      <span>
        <strong>{facts.title}</strong> <span class="cases__state">{tc(`case.state.${found.state}`)}</span>
        <span class="quiet cases__more">
          {[
            ...more.map((words) => words.join(", ")),
            tc("case.clips", { count: found.clips }),
            `${tc("case.difficulty")} ${tc("case.level", { level: facts.difficulty })}`,
          ].join(" · ")}
        </span>
      </span>
      <a class="button" href={path} onClick={(event) => follow(event, path)} data-testid="case-open">
        {tc("case.open")}
      </a>
    </li>
  );
}

function statusWords(found: CaseList | null, trouble: ApiCode | null): string {
  if (trouble === "unreachable") return t("entry.unreachable");
  if (trouble !== null) return t(`problem.${trouble}`);
  if (found === null) return t("entry.loading");
  if (found.cases.length === 0) return tc("case.none");
  return found.more ? tc("case.many") : "";
}
