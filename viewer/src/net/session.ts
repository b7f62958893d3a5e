// Who this tab is.
//
// Owns the session handle, one per tab (`sessionStorage`), and the exchange of a ticket for it. The secret is a cookie
// that scripts cannot read. Called once at start and by the entry page.
// Invariant: a ticket never stays in the address bar or the history: it is removed before it is used.

import { signal } from "@preact/signals";
import type { ConsultList, DemoDoor, DemoTicketRequest, SessionGrant, TicketGrant } from "../wire/http";
import { ApiProblem, ask, askJson } from "./http";

const STORAGE_KEY = "hibiki.session";
const TICKET_FIELD = "ticket";

/** This tab's session; null when there is none. */
export const session = signal<SessionGrant | null>(readStored());
/** What stood in the way of the last ticket or session. */
export const sessionProblem = signal<ApiProblem | null>(null);

/** Takes a ticket out of the address bar, if one is there. */
export function takeTicket(): string | null {
  const fields = new URLSearchParams(location.hash.slice(1));
  const ticket = fields.get(TICKET_FIELD);
  if (ticket === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return ticket;
}

/** Exchanges a ticket. An older session of this tab stays if the ticket is refused. */
export async function enter(ticket: string): Promise<SessionGrant | null> {
  try {
    const grant = await askJson<SessionGrant>("/api/v1/sessions", { method: "POST" }, { ticket });
    remember(grant);
    sessionProblem.value = null;
    return grant;
  } catch (problem) {
    sessionProblem.value = asProblem(problem);
    return null;
  }
}

/** Asks the relay whether the session still stands; forgets it when the relay says that it does not. */
export async function verify(): Promise<void> {
  const held = session.peek();
  if (held === null) return;
  try {
    remember(await askJson<SessionGrant>(`/api/v1/sessions/${held.session}`, { session: held.session }));
  } catch (cause) {
    const problem = asProblem(cause);
    // A relay that is away says nothing about the session.
    if (problem.code === "unreachable" || problem.code === "shuttingDown") return;
    forget();
    sessionProblem.value = problem;
  }
}

/** Ends the session here and at the relay. */
export async function leave(): Promise<void> {
  const held = session.peek();
  forget();
  if (held === null) return;
  const end = ask(`/api/v1/sessions/${held.session}`, { method: "DELETE", session: held.session });
  await end.catch((problem: unknown) => {
    sessionProblem.value = asProblem(problem);
  });
}

export function listConsults(): Promise<ConsultList> {
  return askJson<ConsultList>("/api/v1/consults", { session: session.peek()?.session });
}

/** The demo door, or null in an installation without one. */
export async function demoDoor(): Promise<DemoDoor | null> {
  try {
    return await askJson<DemoDoor>("/api/v1/demo");
  } catch (problem) {
    if (asProblem(problem).code === "unreachable") throw problem;
    return null;
  }
}

export async function demoTicket(request: DemoTicketRequest): Promise<string> {
  return (await askJson<TicketGrant>("/api/v1/demo/tickets", { method: "POST" }, request)).ticket;
}

function remember(grant: SessionGrant): void {
  session.value = grant;
  store(JSON.stringify(grant));
}

function forget(): void {
  session.value = null;
  store(null);
}

function store(text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, text);
  } catch {
    // Storage is forbidden: the session then lasts as long as this page.
  }
}

function readStored(): SessionGrant | null {
  try {
    const text = sessionStorage.getItem(STORAGE_KEY);
    if (text === null) return null;
    const grant = JSON.parse(text) as Partial<SessionGrant>;
    return typeof grant.session === "string" && typeof grant.consult === "string"
      ? (grant as SessionGrant)
      : null;
  } catch {
    return null;
  }
}

function asProblem(cause: unknown): ApiProblem {
  return cause instanceof ApiProblem ? cause : new ApiProblem("internal", String(cause));
}
