// 入口: who am I, which consults are live, and the large way in. Without a session: the demo door, or what to do.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/i18n";
import { type ApiCode, ApiProblem } from "../net/http";
import { demoDoor, leave, listConsults, session, sessionProblem } from "../net/session";
import { useLater } from "../parts/later";
import { follow, pathFor } from "../router";
import type { ConsultSummary, DemoDoor, SessionGrant } from "../wire/http";
import { ConsultLine } from "./consult-line";
import { EntryFrame } from "./entry-frame";

/** The list is asked for again this often while the page is open. */
const REFRESH_MS = 4_000;

export function EntryScreen() {
  const grant = session.value;
  const problem = sessionProblem.value;
  useEffect(() => {
    document.title = t("app.name");
  }, []);
  return (
    <EntryFrame>
      <h1>{t("app.name")}</h1>
      <p class="entry__lead">{t("entry.lead")}</p>
      <p class="entry__limits">{t("app.limits")}</p>
      {problem !== null && (
        <p class="banner" role="alert" data-testid="problem">
          {t(`problem.${problem.code}`)}
        </p>
      )}
      {grant === null ? <WithoutSession /> : <WithSession grant={grant} />}
    </EntryFrame>
  );
}

function WithSession({ grant }: { grant: SessionGrant }) {
  const [consults, setConsults] = useState<readonly ConsultSummary[] | null>(null);
  const [trouble, setTrouble] = useState<ApiCode | null>(null);
  useEffect(() => {
    let current = true;
    const refresh = async () => {
      try {
        const list = await listConsults();
        if (!current) return;
        setConsults(list.consults);
        setTrouble(null);
      } catch (problem) {
        if (current) setTrouble(problem instanceof ApiProblem ? problem.code : "internal");
      }
    };
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [grant.session]);
  const own = consults?.find((consult) => consult.consult === grant.consult);
  const others = consults?.filter((consult) => consult !== own) ?? [];
  const path = pathFor(grant.role, grant.consult);
  return (
    <>
      <section class="entry__part" aria-label={t("entry.you")}>
        <h2>{t("entry.you")}</h2>
        <p class="entry__who" data-testid="who">
          <strong>{grant.name}</strong> {t(`role.${grant.role}`)}
        </p>
      </section>
      <section class="entry__part" aria-label={t("entry.consults")}>
        <h2>{t("entry.consults")}</h2>
        <p role="status">{listWords(consults, trouble)}</p>
        {own !== undefined && <ConsultLine consult={own} />}
        <a
          class="button button--primary button--large"
          href={path}
          onClick={(event) => follow(event, path)}
          data-testid="join"
        >
          {t(grant.role === "visitingPhysician" ? "entry.joinBedside" : "entry.join")}
        </a>
        {others.map((consult) => (
          <ConsultLine key={consult.consult} consult={consult} />
        ))}
      </section>
      <Past grant={grant} />
      {grant.role === "trainer" && (
        <p class="entry__actions">
          <a class="button" href="/cases" onClick={(event) => follow(event, "/cases")} data-testid="cases">
            {t("entry.cases")}
          </a>
        </p>
      )}
      <p class="entry__actions">
        <a class="button button--quiet" href="/check">
          {t("entry.check")}
        </a>
        <button type="button" class="button button--quiet" onClick={() => void leave()}>
          {t("entry.leave")}
        </button>
      </p>
    </>
  );
}

const loadPast = async () => (await import("./past-consults")).PastConsults;

/** What can be replayed; its list comes when somebody opens it. */
function Past({ grant }: { grant: SessionGrant }) {
  const [isOpen, setOpen] = useState(false);
  const { part: List, failed } = useLater<{ grant: SessionGrant }>(loadPast, isOpen);
  return (
    <section class="entry__part" aria-label={t("entry.past")}>
      <h2>
        <button
          type="button"
          class="button"
          aria-expanded={isOpen}
          data-testid="past-toggle"
          onClick={() => setOpen(!isOpen)}
        >
          {t("entry.past")}
        </button>
      </h2>
      {isOpen && List === null && <p role="status">{t(failed ? "measure.loadFailed" : "entry.loading")}</p>}
      {isOpen && List !== null && <List grant={grant} />}
    </section>
  );
}

/** What there is to say where consults stand, or would stand. */
function listWords(consults: readonly ConsultSummary[] | null, trouble: ApiCode | null): string {
  if (trouble === "unreachable") return t("entry.unreachable");
  if (trouble !== null) return t(`problem.${trouble}`);
  if (consults === null) return t("entry.loading");
  return consults.length === 0 ? t("entry.noConsults") : "";
}

type Door =
  | { readonly state: "loading" | "away" | "none" }
  | {
      readonly state: "open";
      readonly door: DemoDoor;
      readonly Entrance: ComponentType<{ door: DemoDoor }>;
    };

function WithoutSession() {
  const [door, setDoor] = useState<Door>({ state: "loading" });
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const found = await demoDoor();
        // Most installations have no such door, and never load what stands behind it.
        const Entrance = found && (await import("./demo-entrance")).DemoEntrance;
        if (current)
          setDoor(found && Entrance ? { state: "open", door: found, Entrance } : { state: "none" });
      } catch {
        if (!current) return;
        setDoor({ state: "away" });
        timer = setTimeout(() => void look(), REFRESH_MS);
      }
    };
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, []);
  switch (door.state) {
    case "loading":
      return <p role="status">{t("entry.loading")}</p>;
    case "away":
      return <p role="status">{t("entry.unreachable")}</p>;
    case "open":
      return <door.Entrance door={door.door} />;
    case "none":
      return (
        <section class="entry__part">
          <p class="entry__who">
            <strong>{t("entry.noSession")}</strong>
          </p>
          <p>{t("entry.noSessionMore")}</p>
        </section>
      );
  }
}
