// Gives a screen its desk: made when the screen appears, closed when it goes.

import { useEffect, useState } from "preact/hooks";
import { Desk } from "../live/desk";
import type { SessionGrant } from "../wire/http";
import type { Page } from "../wire/people";

/** Null for the first moment only. The session is told to the relay when the page goes away, too. */
export function useDesk(grant: SessionGrant, page: Page): Desk | null {
  const [desk, setDesk] = useState<Desk | null>(null);
  useEffect(() => {
    const made = new Desk(grant, page);
    setDesk(made);
    const leave = () => made.close();
    // A page that comes back from the browser's cache has closed its connections: begin anew.
    const returned = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload();
    };
    addEventListener("pagehide", leave);
    addEventListener("pageshow", returned);
    return () => {
      removeEventListener("pagehide", leave);
      removeEventListener("pageshow", returned);
      made.close();
      setDesk(null);
    };
  }, [grant.session, grant.consult, page]);
  return desk;
}
