// The demo door: choose an invented person and a consult, and go in. Only on demo installations.

import { useState } from "preact/hooks";
import { t } from "../i18n/i18n";
import { ApiProblem } from "../net/http";
import { demoTicket, enter } from "../net/session";
import { navigate, pathFor } from "../router";
import type { DemoDoor } from "../wire/http";
import { ConsultLine } from "./consult-line";

export function DemoEntrance({ door }: { door: DemoDoor }) {
  const [person, setPerson] = useState(door.people[0]?.person);
  const [consult, setConsult] = useState(door.consults[0]?.consult);
  const [joining, setJoining] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const join = async () => {
    if (person === undefined || consult === undefined) return;
    setJoining(true);
    setProblem(null);
    try {
      const grant = await enter(await demoTicket({ person, consult }));
      if (grant !== null) navigate(pathFor(grant.role, grant.consult));
    } catch (cause) {
      setProblem(cause instanceof ApiProblem ? cause : new ApiProblem("internal", String(cause)));
    } finally {
      setJoining(false);
    }
  };
  return (
    <form
      class="entry__part"
      onSubmit={(event) => {
        event.preventDefault();
        void join();
      }}
    >
      <h2>{t("entry.demo")}</h2>
      <p>{t("entry.demoLead")}</p>
      <fieldset class="choices">
        <legend>{t("entry.demoPerson")}</legend>
        {door.people.map((candidate) => (
          <label key={candidate.person} class="choice">
            <input
              type="radio"
              name="person"
              value={candidate.person}
              checked={person === candidate.person}
              onChange={() => setPerson(candidate.person)}
            />
            <span>
              <strong>{candidate.name}</strong> {t(`role.${candidate.role}`)}
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{t("entry.demoConsult")}</legend>
        {door.consults.map((candidate) => (
          <label key={candidate.consult} class="choice">
            <input
              type="radio"
              name="consult"
              value={candidate.consult}
              checked={consult === candidate.consult}
              onChange={() => setConsult(candidate.consult)}
            />
            <ConsultLine consult={candidate} />
          </label>
        ))}
        {door.consults.length === 0 && <p role="status">{t("entry.noConsults")}</p>}
      </fieldset>
      {problem !== null && (
        <p class="banner" role="alert">
          {t(`problem.${problem.code}`)}
        </p>
      )}
      <button
        type="submit"
        class="button button--primary button--large"
        disabled={joining || door.consults.length === 0}
        data-testid="join"
      >
        {t(joining ? "entry.joining" : "entry.join")}
      </button>
    </form>
  );
}
