// Which page an address means.
//
// Owns the current address as a signal and moving between pages without a reload. Called by `main.tsx` and links.
// Invariant: an address that is not known is `missing`, never a guess.

import { signal } from "@preact/signals";
import type { CaseId, ConsultId } from "./wire/ids";
import type { Role } from "./wire/people";

export type Route =
  | { readonly page: "entry" }
  | { readonly page: "consult"; readonly consult: ConsultId }
  | { readonly page: "bedside"; readonly consult: ConsultId }
  | { readonly page: "replay"; readonly consult: ConsultId }
  | { readonly page: "cases"; readonly which: CaseId | null }
  | { readonly page: "ways" }
  | { readonly page: "missing" };

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const CONSULT = new RegExp(`^/consults/(${UUID})/?$`);
const REPLAY = new RegExp(`^/consults/(${UUID})/replay/?$`);
const CASE = new RegExp(`^/cases/(${UUID})/?$`);
const BEDSIDE = new RegExp(`^/visits/(${UUID})/?$`);

export function match(path: string): Route {
  if (path === "/" || path === "") return { page: "entry" };
  if (/^\/check\/?$/.test(path)) return { page: "ways" };
  if (/^\/cases\/?$/.test(path)) return { page: "cases", which: null };
  const which = CASE.exec(path)?.[1];
  if (which !== undefined) return { page: "cases", which: which as CaseId };
  const consult = CONSULT.exec(path)?.[1];
  if (consult !== undefined) return { page: "consult", consult: consult as ConsultId };
  const replay = REPLAY.exec(path)?.[1];
  if (replay !== undefined) return { page: "replay", consult: replay as ConsultId };
  const bedside = BEDSIDE.exec(path)?.[1];
  if (bedside !== undefined) return { page: "bedside", consult: bedside as ConsultId };
  return { page: "missing" };
}

/** The page where a role works: the visiting physician scans at the bedside, all others look from elsewhere. */
export function pathFor(role: Role, consult: ConsultId): string {
  return role === "visitingPhysician" ? `/visits/${consult}` : `/consults/${consult}`;
}

/** Where a consult is replayed. */
export function replayPath(consult: ConsultId): string {
  return `/consults/${consult}/replay`;
}

/** Where a case is. */
export function casePath(which: CaseId): string {
  return `/cases/${which}`;
}

export const route = signal<Route>({ page: "entry" });

export function navigate(path: string): void {
  history.pushState(null, "", path);
  route.value = match(path);
}

/** Begins to follow the address. */
export function startRouter(): void {
  route.value = match(location.pathname);
  addEventListener("popstate", () => {
    route.value = match(location.pathname);
  });
}

/** For links that stay links: opens in place, unless the person asked for a new tab. */
export function follow(event: MouseEvent, path: string): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(path);
}
