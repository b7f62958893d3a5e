// Whom the next clip shows, and choosing that from the hospital's worklist. Only where there is one.

import { language } from "../i18n/language";
import type { DeviceState } from "../wire/device";
import type { DevicePatient, DeviceScheduled, DeviceWorklist } from "../wire/visit";
import { say } from "./say";
import { dayOf, nameOf, readingOf, type VisitStep, type Visits, writtenDay } from "./visit";

export function VisitPart({ visits, state }: { visits: Visits; state: DeviceState }) {
  const { value: step } = visits.step;
  if (!state.worklist) return null;
  return (
    <section
      class="part part--open visit"
      aria-label={say("visit")}
      data-testid="visit"
      data-step={step.type}
    >
      <h2 class="part__name">{say("visit")}</h2>
      {state.visit === null ? (
        <p data-testid="visit-now">{say("visit.nobody")}</p>
      ) : (
        <div class="visit__now" data-testid="visit-now">
          <p class="quiet">{say("visit.now")}</p>
          <Patient patient={state.visit} />
        </div>
      )}
      <Step visits={visits} step={step} />
      <p role="status">{toldOf(step)}</p>
    </section>
  );
}

function Step({ visits, step }: { visits: Visits; step: VisitStep }) {
  switch (step.type) {
    case "listed":
      return <List visits={visits} list={step.list} />;
    case "confirming":
    case "setting":
      return <Confirm visits={visits} chosen={step.chosen} setting={step.type === "setting"} />;
    default:
      return (
        <>
          {step.type === "failed" && (
            <div class="banner banner--alarm" role="alert">
              <p>
                {say(`fault.${step.fault}`)}
                {step.detail !== "" && (
                  <span class="quiet troubles__detail">{say("trouble.detail", { words: step.detail })}</span>
                )}
              </p>
            </div>
          )}
          <button
            type="button"
            class="button"
            ref={visits.begun ? focus : null}
            disabled={step.type === "asking"}
            onClick={() => void visits.ask()}
            data-testid="visit-ask"
          >
            {say("visit.choose")}
          </button>
        </>
      );
  }
}

function toldOf(step: VisitStep): string {
  if (step.type === "asking") return say("visit.asking");
  if (step.type === "setting") return say("visit.setting");
  if (step.type === "set") return say("visit.set", { name: nameOf(step.patient) });
  return "";
}

function List({ visits, list }: { visits: Visits; list: DeviceWorklist }) {
  const { entries, unreadable, more } = list;
  return (
    <>
      <h3 class="visit__head" ref={lookAt} tabIndex={-1}>
        {say("visit.list", { day: writtenDay(list.day) })}
      </h3>
      {entries.length === 0 && <p>{say("visit.none")}</p>}
      <ul class="visit__list">
        {entries.map((entry, at) => (
          // Several steps of one order have one key.
          <li key={`${entry.key} ${at}`}>
            <button type="button" class="button visit__one" onClick={() => visits.choose(entry)}>
              <span class="visit__time">{entry.time === "" ? say("visit.noTime") : entry.time}</span>
              <span class="visit__who">
                <Patient patient={entry.patient} />
                {entry.step !== "" && <span class="visit__step">{entry.step}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {more && <p>{say("visit.more", { count: entries.length })}</p>}
      {unreadable > 0 && <p>▲ {say("visit.unreadable", { count: unreadable })}</p>}
      <div class="visit__acts">
        <button type="button" class="button button--quiet" onClick={() => void visits.ask()}>
          {say("visit.again")}
        </button>
        <button type="button" class="button button--quiet" onClick={() => visits.back()}>
          {say("close")}
        </button>
      </div>
    </>
  );
}

function Confirm(props: { visits: Visits; chosen: DeviceScheduled; setting: boolean }) {
  const { visits, chosen, setting } = props;
  return (
    <div class="visit__confirm">
      <h3 class="visit__head" ref={lookAt} tabIndex={-1}>
        {say("visit.confirm")}
      </h3>
      <Patient patient={chosen.patient} />
      <p>{[chosen.time, chosen.step].filter(Boolean).join(" ")}</p>
      <p>{say("visit.effect")}</p>
      <div class="visit__acts">
        <button
          type="button"
          class="button button--primary"
          disabled={setting}
          onClick={() => void visits.confirm()}
          data-testid="visit-confirm"
        >
          {say("visit.take")}
        </button>
        <button type="button" class="button" disabled={setting} onClick={() => visits.back()}>
          {say("visit.other")}
        </button>
      </div>
    </div>
  );
}

/** Everything by which people tell patients apart, the name in large. */
function Patient({ patient }: { patient: DevicePatient }) {
  const { id, birthDate, sex, accessionNumber } = patient;
  const reading = readingOf(patient);
  const facts = [
    id === null ? say("visit.noId") : say("visit.id", { id }),
    birthDate === null ? say("visit.noBirth") : say("visit.born", { day: bornOn(birthDate) }),
    ...(sex === "M" || sex === "F" || sex === "O" ? [say(`visit.sex.${sex}`)] : []),
    ...(accessionNumber === null ? [] : [say("visit.order", { number: accessionNumber })]),
  ];
  return (
    <span class="visit__patient">
      <strong class="visit__name">{nameOf(patient)}</strong>
      {reading !== "" && <span>{reading}</span>}
      <span class="visit__facts">
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </span>
    </span>
  );
}

function bornOn(birthDate: string): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "long" }).format(dayOf(birthDate));
}

/** What a person has to read next is where the keyboard and the screen reader go, once. */
function focus(head: HTMLElement | null): void {
  head?.focus();
}

/** The same, with all that it stands over in view, as far as there is room: on a phone the answer would lie below the fold. */
function lookAt(head: HTMLElement | null): void {
  head?.focus({ preventScroll: true });
  head?.parentElement?.scrollIntoView({ block: "nearest" });
}
