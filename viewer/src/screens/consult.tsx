// 相談: the cardiologist's page. The picture first; tools at the thumb's side; everything else gives way.

import { useEffect, useState } from "preact/hooks";
import type { Desk } from "../live/desk";
import { listenToKeys } from "../live/keys";
import { keepAwake } from "../live/wake";
import { Bar } from "../parts/bar";
import { ClipsPlace, ReplayPlace } from "../parts/clips-later";
import { HelpPlace } from "../parts/help-later";
import { LazyMeasurePanel } from "../parts/lazy-measure";
import { LinkPlace } from "../parts/link-later";
import { ListPlace } from "../parts/list-later";
import { mayMeasure, type Panel, Rail } from "../parts/rail";
import { SaveGroup } from "../parts/save";
import { StageView } from "../parts/stage-view";
import { side } from "../settings";
import type { SessionGrant } from "../wire/http";
import { useDesk } from "./desk-use";
import { Ended } from "./ended";

export function ConsultScreen({ grant }: { grant: SessionGrant }) {
  const desk = useDesk(grant, "consult");
  return <ConsultDesk desk={desk} />;
}

function ConsultDesk({ desk }: { desk: Desk }) {
  const [panel, setPanel] = useState<Panel>("none");
  useEffect(
    () =>
      listenToKeys(
        desk,
        () => setPanel((shown) => (shown === "help" ? "none" : "help")),
        () => {
          if (mayMeasure(desk)) setPanel((shown) => (shown === "measure" ? "none" : "measure"));
        },
      ),
    [desk],
  );
  useEffect(() => keepAwake(), []);
  const link = desk.consult.link.value;
  if (link.state === "ended") return <Ended code={link.code} consult={desk.grant.consult} />;
  const close = () => setPanel("none");
  return (
    <div class="consult" data-side={side.value} data-panel={panel}>
      <Bar desk={desk} page="consult" />
      <main class="consult__picture">
        <ReplayPlace desk={desk} />
        <StageView
          desk={desk}
          badge={{
            open: panel === "link",
            onPress: () => setPanel((shown) => (shown === "link" ? "none" : "link")),
          }}
        />
      </main>
      <Rail desk={desk} panel={panel} onPanel={setPanel}>
        <SaveGroup desk={desk} panel={panel} onPanel={setPanel} />
      </Rail>
      {panel === "clips" && <ClipsPlace desk={desk} onClose={close} />}
      <ListPlace desk={desk} shown={panel === "list"} onClose={close} />
      {panel === "measure" && mayMeasure(desk) && <LazyMeasurePanel desk={desk} onClose={close} />}
      <LinkPlace desk={desk} shown={panel === "link"} onClose={close} />
      <HelpPlace desk={desk} shown={panel === "help"} measures={mayMeasure(desk)} onClose={close} />
    </div>
  );
}
