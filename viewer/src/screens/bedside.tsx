// ベッドサイド: the visiting physician's page, for one free hand. Own picture, marks over it, five large buttons, clips.

import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { listenToKeys } from "../live/keys";
import { keepAwake, wakeState } from "../live/wake";
import { whyNotDraw } from "../live/why";
import { Bar } from "../parts/bar";
import { BringPlace } from "../parts/bring-later";
import { ClipsPlace, ReplayPlace } from "../parts/clips-later";
import { HelpPlace } from "../parts/help-later";
import { LazyMeasureResults } from "../parts/lazy-measure";
import { LinkPlace } from "../parts/link-later";
import { PeopleList } from "../parts/people";
import { BeatButton, FreezeButton, ToolButton, UndoButton } from "../parts/rail";
import { RecordingPlace } from "../parts/recording-later";
import { SaveButton, SaveChoices, StillButton } from "../parts/save";
import { StageView } from "../parts/stage-view";
import { VoiceConsentPlace } from "../parts/voice-consent-later";
import type { SessionGrant } from "../wire/http";
import { useDesk } from "./desk-use";
import { Ended } from "./ended";

export function BedsideScreen({ grant }: { grant: SessionGrant }) {
  const desk = useDesk(grant, "bedside");
  return <BedsideDesk desk={desk} />;
}

function BedsideDesk({ desk }: { desk: Desk }) {
  const [aside, setAside] = useState<"company" | "help" | "link">("company");
  const toggle = (what: "help" | "link") => setAside((shown) => (shown === what ? "company" : what));
  useEffect(() => listenToKeys(desk, () => toggle("help")), [desk]);
  useEffect(() => keepAwake(), []);
  const link = desk.consult.link.value;
  if (link.state === "ended") return <Ended code={link.code} consult={desk.grant.consult} />;
  return (
    <div class="bedside">
      <Bar desk={desk} page="bedside" />
      <main class="bedside__picture">
        <ReplayPlace desk={desk} />
        <StageView desk={desk} badge={{ open: aside === "link", onPress: () => toggle("link") }} />
      </main>
      <BedsideControls desk={desk} />
      <LinkPlace desk={desk} shown={aside === "link"} onClose={() => setAside("company")} />
      <HelpPlace desk={desk} shown={aside === "help"} measures={false} onClose={() => setAside("company")} />
      {aside === "company" && <Company desk={desk} />}
    </div>
  );
}

function BedsideControls({ desk }: { desk: Desk }) {
  const { hand } = desk;
  const drawing = hand.tool.value === "pen";
  return (
    <nav class="bedside__controls" aria-label={t("tool.group")}>
      <FreezeButton desk={desk} big={true} />
      <SaveButton desk={desk} big={true} />
      <BeatButton desk={desk} big={true} />
      <ToolButton
        desk={desk}
        icon="pen"
        words={t("bedside.pen")}
        shortcut="P"
        kind="big"
        pressed={drawing}
        why={whyNotDraw(desk)}
        onPress={() => hand.choose(drawing ? "pointer" : "pen")}
      />
      <UndoButton desk={desk} big={true} />
    </nav>
  );
}

/** Who is watching, what the next press saves, what was saved, and whether the screen stays on. */
function Company({ desk }: { desk: Desk }) {
  const people = desk.consult.people.value;
  const cardiologist = people.some((person) => person.role === "cardiologist");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it (axe scrollable-region-focusable)
    <section class="bedside__company" aria-label={t("bedside.side")} tabIndex={0}>
      <h2 class="unseen">{t("bedside.here")}</h2>
      {!cardiologist && <p>{t("bedside.noCardiologist")}</p>}
      <PeopleList consult={desk.consult} showPage={false} brief={true} />
      <SaveChoices desk={desk}>
        <StillButton desk={desk} />
      </SaveChoices>
      <VoiceConsentPlace desk={desk} />
      <ClipsPlace desk={desk} />
      <BringPlace desk={desk} />
      <LazyMeasureResults desk={desk} />
      <RecordingPlace desk={desk} />
      {desk.consult.link.value.state === "open" && <p class="quiet">{t("link.good")}</p>}
      <p class="quiet">
        {wakeState.value !== "unknown" && t(wakeState.value === "on" ? "bedside.wakeOn" : "bedside.wakeOff")}
      </p>
      <p class="quiet">{t("app.limits")}</p>
    </section>
  );
}
