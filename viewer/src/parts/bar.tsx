// The bar on top: where am I, what needs saying now, who is here.

import { useEffect } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import type { Page } from "../wire/people";
import { LanguageSwitch } from "./language";
import { PeopleRings } from "./people";
import { RecordingPlace } from "./recording-later";
import { Slot } from "./slot";
import { VoicePlace } from "./voice-later";

export function Bar({ desk, page }: { desk: Desk; page: Page }) {
  const alias = desk.consult.summary.value?.alias ?? "";
  useEffect(() => {
    document.title = `${alias} ${t(`page.${page}`)} – Hibiki`.trim();
  });
  return (
    <header class="top">
      <div class="bar">
        <a class="bar__home" href="/" aria-label={`Hibiki: ${t("entry.back")}`}>
          Hibiki
        </a>
        <h1 class="bar__title">
          {alias} <span class="bar__page">{t(`page.${page}`)}</span>
        </h1>
      </div>
      <Slot desk={desk} />
      <div class="bar bar--end">
        {page === "consult" && <RecordingPlace desk={desk} />}
        <VoicePlace desk={desk} />
        <PeopleRings consult={desk.consult} />
        <LanguageSwitch />
      </div>
    </header>
  );
}
