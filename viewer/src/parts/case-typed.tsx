// What was typed for a case, and the tick of whoever read it.
//
// Owns nothing: another text has another digest, and the relay takes the tick back.

import { tc } from "../i18n/case";
import type { CaseFacts, CaseTyped } from "../wire/case";

type Props = {
  readonly facts: CaseFacts;
  readonly typed: CaseTyped;
  readonly isDraft: boolean;
  readonly looks: () => void;
};

export function CaseTypedPart({ facts, typed, isDraft, looks }: Props) {
  const lines = [
    [tc("case.titleTyped"), [facts.title]],
    [tc("case.finding"), facts.findings],
    [tc("case.licence"), [facts.licence]],
    [tc("case.collection"), facts.collections],
  ] as const;
  const isOpen = isDraft && typed.looks.length === 0;
  return (
    <section class="case__clip" aria-label={tc("case.typed")} data-testid="case-typed">
      <h3>{tc("case.typed")}</h3>
      <details open={isDraft}>
        <summary>{tc("case.typedLead")}</summary>
        <dl class="case__typed">
          {lines.map(([name, words]) => (
            <div key={name}>
              <dt class="quiet">{name}</dt>
              <dd>{words.length === 0 ? "–" : words.join(" / ")}</dd>
            </div>
          ))}
        </dl>
      </details>
      <p>
        {typed.looks.length === 0
          ? tc("case.unlooked")
          : typed.looks.map(({ name }) => tc("case.looked", { name })).join(" · ")}
      </p>
      {isOpen && (
        <p class="case__actions">
          <button type="button" class="button button--primary" data-testid="case-look-typed" onClick={looks}>
            {tc("case.lookTyped")}
          </button>
          <span class="quiet">{tc("case.typedWrong")}</span>
        </p>
      )}
    </section>
  );
}
