// Starts the pages: takes a ticket out of the address, shows the screen that the address means.

import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { learn, t } from "./i18n/i18n";
import { language } from "./i18n/language";
import { prepareOffer } from "./live/offer";
import { enter, session, sessionProblem, takeTicket, verify } from "./net/session";
import { useLater } from "./parts/later";
import { follow, pathFor, route, startRouter } from "./router";
import { BedsideScreen } from "./screens/bedside";
import { ConsultScreen } from "./screens/consult";
import { EntryScreen } from "./screens/entry";
import { EntryFrame } from "./screens/entry-frame";
import "./style/tokens.css";
import "./style/base.css";
import "./style/button.css";
import "./style/bar.css";
import "./style/banner.css";
import "./style/entry.css";
import "./style/frame.css";
import "./style/badge.css";
import "./style/rail.css";
import "./style/panel.css";
import "./style/people.css";
import "./style/card.css";
import "./style/measure.css";
import "./style/consult.css";
import "./style/bedside.css";
import "./style/clips.css";
import "./style/replay.css";
import "./style/voice.css";
import "./style/recording.css";
import "./style/link.css";
import type { SessionGrant } from "./wire/http";
import type { CaseId, ConsultId } from "./wire/ids";

/** A ticket that came with the address and was not exchanged yet. */
const ticket = signal(takeTicket());

function App() {
  const fresh = ticket.value;
  useEffect(() => {
    if (fresh === null) return;
    void enter(fresh).finally(() => {
      if (ticket.peek() === fresh) ticket.value = null;
    });
  }, [fresh]);
  useEffect(() => {
    if (ticket.peek() === null) void verify();
  }, []);
  if (fresh !== null) {
    return (
      <main class="entry">
        <p role="status">{t("entry.joining")}</p>
      </main>
    );
  }
  const { value: at } = route;
  switch (at.page) {
    case "entry":
      return <EntryScreen />;
    case "ways":
      return <WaysPlace />;
    case "replay":
      return <ReplayPlace consult={at.consult} />;
    case "cases":
      return <CasesPlace which={at.which} />;
    case "missing":
      return <Message words={t("entry.missing")} />;
    case "consult":
    case "bedside":
      return <Inside page={at.page} consult={at.consult} />;
  }
}

function Inside({ page, consult }: { page: "consult" | "bedside"; consult: ConsultId }) {
  const grant = session.value;
  // Without a session the entry says what to do; the address stays, for the link that follows.
  if (grant === null) return <EntryScreen />;
  if (grant.consult !== consult) return <Message words={t("entry.otherConsult")} />;
  return page === "bedside" ? <BedsideScreen grant={grant} /> : <ConsultScreen grant={grant} />;
}

const loadWays = async () => (await import("./screens/ways")).WaysScreen;

function WaysPlace() {
  const { part: Ways, failed } = useLater<{ grant: SessionGrant | null }>(loadWays, true);
  const waits = t(failed ? "measure.loadFailed" : "entry.loading");
  return (
    <EntryFrame>{Ways === null ? <p role="status">{waits}</p> : <Ways grant={session.value} />}</EntryFrame>
  );
}

const loadReplay = async () => (await import("./screens/consult-replay")).ConsultReplayScreen;

/** Not bound to the consult of the session: the relay knows what this person may replay. */
function ReplayPlace({ consult }: { consult: ConsultId }) {
  const grant = session.value;
  const { part: Replay, failed } = useLater<{ grant: SessionGrant; consult: ConsultId }>(
    loadReplay,
    grant !== null,
  );
  if (grant === null) return <EntryScreen />;
  if (Replay !== null) return <Replay grant={grant} consult={consult} />;
  return (
    <EntryFrame>
      <p role="status">{t(failed ? "measure.loadFailed" : "entry.loading")}</p>
    </EntryFrame>
  );
}

const loadCases = async () => (await import("./screens/cases")).CasesScreen;

function CasesPlace({ which }: { which: CaseId | null }) {
  const grant = session.value;
  const { part: Cases, failed } = useLater<{ grant: SessionGrant; which: CaseId | null }>(
    loadCases,
    grant !== null,
  );
  if (grant === null) return <EntryScreen />;
  if (Cases !== null) return <Cases grant={grant} which={which} />;
  return (
    <EntryFrame>
      <p role="status">{t(failed ? "measure.loadFailed" : "entry.loading")}</p>
    </EntryFrame>
  );
}

function Message({ words }: { words: string }) {
  const grant = session.value;
  const path = grant === null || sessionProblem.value !== null ? "/" : pathFor(grant.role, grant.consult);
  return (
    <main class="entry">
      <h1>{t("app.name")}</h1>
      <p role="alert">{words}</p>
      <p class="entry__actions">
        <a class="button button--primary" href="/" onClick={(event) => follow(event, "/")}>
          {t("entry.back")}
        </a>
        {path !== "/" && (
          <a class="button" href={path} onClick={(event) => follow(event, path)}>
            {t("entry.join")}
          </a>
        )}
      </p>
    </main>
  );
}

startRouter();
if (route.peek().page === "consult" || route.peek().page === "bedside") prepareOffer();
// A link that is opened in a tab where Hibiki is open already changes only the fragment.
addEventListener("hashchange", () => {
  ticket.value = takeTicket() ?? ticket.peek();
});
const root = document.getElementById("app");
const show = () => {
  if (root !== null) render(<App />, root);
};
// Without its words the page speaks Japanese, rather than not at all.
learn(language.peek()).then(show, show);
