// 相談: the cardiologist's page. The picture first; tools at the thumb's side; everything else gives way.

import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { listenToKeys } from "../live/keys";
import { Banners } from "../parts/banners";
import { HelpPanel } from "../parts/help-panel";
import { LabelEntry } from "../parts/label-entry";
import { LanguageSwitch } from "../parts/language";
import { ListPanel } from "../parts/list-panel";
import { MarkCard } from "../parts/mark-card";
import { PeopleRings } from "../parts/people";
import { type Panel, Rail } from "../parts/rail";
import { StageView } from "../parts/stage-view";
import { side } from "../settings";
import type { SessionGrant } from "../wire/http";
import { useDesk } from "./desk-use";
import { Ended } from "./ended";

export function ConsultScreen({ grant }: { grant: SessionGrant }) {
  const desk = useDesk(grant, "consult");
  return desk === null ? null : <ConsultDesk desk={desk} />;
}

function ConsultDesk({ desk }: { desk: Desk }) {
  const [panel, setPanel] = useState<Panel>("none");
  useEffect(
    () => listenToKeys(desk, () => setPanel((shown) => (shown === "help" ? "none" : "help"))),
    [desk],
  );
  const link = desk.consult.link.value;
  if (link.state === "ended") return <Ended code={link.code} />;
  const close = () => setPanel("none");
  return (
    <div class="consult" data-side={side.value} data-panel={panel}>
      <header class="bar">
        <a class="bar__home" href="/" aria-label={t("entry.back")}>
          Hibiki
        </a>
        <h1 class="bar__title">{desk.consult.summary.value?.alias ?? t("page.consult")}</h1>
        <PeopleRings consult={desk.consult} />
        <LanguageSwitch />
      </header>
      <Banners desk={desk} />
      <main class="consult__picture">
        <StageView desk={desk} />
        <LabelEntry desk={desk} />
        <MarkCard desk={desk} />
      </main>
      <Rail desk={desk} panel={panel} onPanel={setPanel} />
      {panel === "list" && <ListPanel desk={desk} onClose={close} />}
      {panel === "help" && <HelpPanel onClose={close} />}
    </div>
  );
}
