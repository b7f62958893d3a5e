// The bar on top: where am I, what needs saying now, who is here.

import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { LanguageSwitch } from "./language";
import { PeopleRings } from "./people";
import { Slot } from "./slot";

export function Bar({ desk, title }: { desk: Desk; title: string }) {
  return (
    <header class="top">
      <div class="bar">
        <a class="bar__home" href="/" aria-label={t("entry.back")}>
          Hibiki
        </a>
        <h1 class="bar__title">{title}</h1>
      </div>
      <Slot desk={desk} />
      <div class="bar bar--end">
        <PeopleRings consult={desk.consult} />
        <LanguageSwitch />
      </div>
    </header>
  );
}
