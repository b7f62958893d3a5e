// Gives a screen its desk: made when the screen appears, closed when it goes.

import { useEffect, useState } from "preact/hooks";
import { Desk } from "../live/desk";
import type { SessionGrant } from "../wire/http";
import type { Page } from "../wire/people";

/** Made before the first paint: the picture is asked for while the page is still being laid out. */
export function useDesk(grant: SessionGrant, page: Page): Desk {
  const [desk, setDesk] = useState(() => new Desk(grant, page));
  useEffect(() => {
    // The session changed under the same page, for example by a fresh link in this tab.
    const current = desk.grant.session === grant.session ? desk : new Desk(grant, page);
    setDesk(current);
    const leave = () => current.close();
    // A page that comes back from the browser's cache has closed its connections: begin anew.
    const returned = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload();
    };
    addEventListener("pagehide", leave);
    addEventListener("pageshow", returned);
    return () => {
      removeEventListener("pagehide", leave);
      removeEventListener("pageshow", returned);
      current.close();
    };
  }, [grant.session]);
  return desk;
}
