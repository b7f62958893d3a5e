// One case: its clips to look at, and what may be done with it.
//
// Owns the case as the relay told it last. Loaded with the library.

import { useEffect, useMemo, useState } from "preact/hooks";
import { day, tc } from "../i18n/case";
import { t } from "../i18n/i18n";
import { CaseDesk, readCase } from "../net/cases";
import { type ApiCode, ApiProblem } from "../net/http";
import { CaseClipPart } from "../parts/case-clip";
import { CaseCollections } from "../parts/case-collections";
import { troubleWords } from "../parts/case-form";
import { CaseTypedPart } from "../parts/case-typed";
import { follow } from "../router";
import type { CaseAbout } from "../wire/case";
import type { SessionGrant } from "../wire/http";
import type { CaseId } from "../wire/ids";

export function CaseScreen({ grant, which }: { grant: SessionGrant; which: CaseId }) {
  const [held, setHeld] = useState<CaseAbout | null>(null);
  const [gone, setGone] = useState(false);
  const [trouble, setTrouble] = useState<ApiCode | null>(null);
  const desk = useMemo(() => new CaseDesk(grant.session, which), [grant.session, which]);
  const fails = (cause: unknown) => setTrouble(cause instanceof ApiProblem ? cause.code : "internal");
  useEffect(() => {
    const closing = new AbortController();
    readCase(grant.session, which, closing.signal).then(setHeld, (cause: unknown) => {
      if (!closing.signal.aborted) fails(cause);
    });
    return () => closing.abort();
  }, [grant.session, which]);
  const doing = (work: Promise<CaseAbout>) => {
    setTrouble(null);
    return work.then(setHeld, fails);
  };
  const back = (
    <p>
      <a class="button button--quiet" href="/cases" onClick={(event) => follow(event, "/cases")}>
        {tc("case.back")}
      </a>
    </p>
  );
  if (gone) {
    return (
      <>
        {back}
        <p role="status">{tc("case.gone")}</p>
      </>
    );
  }
  if (held === null) {
    return (
      <>
        {back}
        <p role="status">
          {trouble === "notFound" ? tc("case.over") : (troubleWords(trouble) ?? t("entry.loading"))}
        </p>
      </>
    );
  }
  const { summary, typed, clips } = held;
  const { facts, state } = summary;
  const isDraft = state === "draft" || state === "reviewed";
  const leaves = state === "published" && facts.consent === "teachingAndExport";
  return (
    <article class="case" data-testid="case" data-state={state}>
      {back}
      <h2>
        {facts.title} <span class="cases__state">{tc(`case.state.${state}`)}</span>
      </h2>
      <p class="quiet">
        {[...facts.findings, summary.alias].join(" · ")}
        <br />
        {tc("case.facts", { licence: facts.licence, date: day(facts.expiresAt) })}{" "}
        {tc(`case.consent.${facts.consent}`)}
      </p>
      <p role="status">{troubleWords(trouble)}</p>
      <CaseTypedPart
        facts={facts}
        typed={typed}
        isDraft={isDraft}
        looks={() => void doing(desk.looksAtTyped(typed.digest))}
      />
      {clips.map((clip) => (
        <CaseClipPart
          key={`${clip.number} ${clip.made?.digest ?? ""}`}
          desk={desk}
          clip={clip}
          isDraft={isDraft}
          leaves={leaves}
          doing={doing}
        />
      ))}
      <CaseCollections
        collections={facts.collections}
        isDraft={isDraft}
        collects={(collections, looked) => void doing(desk.collects(collections, looked))}
      />
      <p class="case__actions">
        {state !== "published" && (
          <button
            type="button"
            class="button button--primary"
            disabled={state !== "reviewed"}
            data-testid="case-publish"
            onClick={() => void doing(desk.publishes())}
          >
            {tc("case.publish")}
          </button>
        )}
        {leaves && (
          <button type="button" class="button" onClick={() => desk.takesAll()} data-testid="case-take-all">
            {tc("case.takeAll")}
          </button>
        )}
      </p>
      {state === "draft" && <p class="quiet">{tc("case.publishFirst")}</p>}
      {state === "published" && !leaves && <p class="quiet">{tc("case.stays")}</p>}
      <Withdrawal withdraws={() => desk.withdraws().then(() => setGone(true), fails)} />
    </article>
  );
}

/** Asks once more: its files do not come back. */
function Withdrawal({ withdraws }: { withdraws: () => Promise<void> }) {
  const [isSure, setSure] = useState(false);
  if (!isSure) {
    return (
      <p class="case__actions">
        <button
          type="button"
          class="button button--quiet"
          onClick={() => setSure(true)}
          data-testid="case-withdraw"
        >
          {tc("case.withdraw")}
        </button>
      </p>
    );
  }
  return (
    <fieldset aria-label={tc("case.withdraw")}>
      <p role="alert">{tc("case.withdrawSure")}</p>
      <p class="case__actions">
        <button
          type="button"
          class="button"
          onClick={() => void withdraws()}
          data-testid="case-withdraw-sure"
        >
          {tc("case.withdraw")}
        </button>
        <button type="button" class="button button--quiet" onClick={() => setSure(false)}>
          {tc("case.withdrawNot")}
        </button>
      </p>
    </fieldset>
  );
}
