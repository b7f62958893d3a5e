// 音声の録音: the physician at the bedside says that everybody agreed, stops it with one touch, and may discard what was recorded.
//
// Loaded later, at the bedside only. Invariant: nothing is recorded by one touch alone, one touch ends it, and what cannot be undone
// is asked once more.

import { useEffect, useState } from "preact/hooks";
import { tv } from "../i18n/voice";
import type { Desk } from "../live/desk";
import { VoiceConsents } from "../voice/consent";

export function VoiceConsent({ desk }: { desk: Desk }) {
  const [consents, setConsents] = useState<VoiceConsents | null>(null);
  useEffect(() => {
    const mine = new VoiceConsents(desk.consult);
    setConsents(mine);
    return () => mine.close();
  }, [desk]);
  if (consents === null || !consents.isShown) return null;
  return (
    <section
      class="consent"
      aria-label={tv("record.label")}
      data-stage={consents.stage.value}
      data-testid="voice-consent"
    >
      <Stage consents={consents} />
    </section>
  );
}

function Stage({ consents }: { consents: VoiceConsents }) {
  const isConnected = consents.consult.current.value;
  switch (consents.stage.value) {
    case "open":
      return (
        <>
          <Agree consents={consents} isConnected={isConnected} />
          <Kept consents={consents} isConnected={isConnected} />
        </>
      );
    case "given":
      return <Given consents={consents} />;
    case "ending":
      return <p role="status">{tv("record.ending")}</p>;
    case "discarding":
      return <p role="status">{tv("record.discarding")}</p>;
    case "forbidden":
      return <Kept consents={consents} isConnected={isConnected} />;
  }
}

type Part = { readonly consents: VoiceConsents; readonly isConnected: boolean };

function Agree({ consents, isConnected }: Part) {
  const [asks, setAsks] = useState(false);
  if (!asks) {
    return (
      <button
        type="button"
        class="button consent__main"
        disabled={!isConnected}
        onClick={() => setAsks(true)}
        data-testid="consent-open"
      >
        {tv("record.ask")}
      </button>
    );
  }
  return (
    <>
      <p>{tv("record.explain")}</p>
      <button
        type="button"
        class="button button--primary consent__main"
        disabled={!isConnected}
        onClick={() => consents.agree("patient")}
        data-testid="consent-patient"
      >
        {tv("record.patient")}
      </button>
      <button
        type="button"
        class="button button--primary consent__main"
        disabled={!isConnected}
        onClick={() => consents.agree("family")}
        data-testid="consent-family"
      >
        {tv("record.family")}
      </button>
      <button type="button" class="button button--quiet" onClick={() => setAsks(false)}>
        {tv("record.cancel")}
      </button>
    </>
  );
}

function Given({ consents }: { consents: VoiceConsents }) {
  return (
    <>
      <button
        type="button"
        class="button button--primary consent__main"
        onClick={() => consents.withdraw(false)}
        data-testid="consent-stop"
      >
        <span aria-hidden="true">■</span> {tv("record.stop")}
      </button>
      <Sure
        words={tv("record.stopDiscard")}
        isConnected={true}
        testId="consent-stop-discard"
        onSure={() => consents.withdraw(true)}
      />
    </>
  );
}

function Kept({ consents, isConnected }: Part) {
  const { kept } = consents.consult.replica.value.state.voiceRecording;
  if (kept === "discarded") return <p class="quiet">{tv("record.discarded")}</p>;
  if (kept !== "kept") return null;
  return (
    <>
      <p class="quiet">{tv("record.kept")}</p>
      <Sure
        words={tv("record.discard")}
        isConnected={isConnected}
        testId="consent-discard"
        onSure={() => consents.discard()}
      />
    </>
  );
}

/** What cannot be undone takes two touches in two places. */
function Sure({
  words,
  isConnected,
  testId,
  onSure,
}: {
  words: string;
  isConnected: boolean;
  testId: string;
  onSure: () => void;
}) {
  const [asks, setAsks] = useState(false);
  if (!asks) {
    return (
      <button
        type="button"
        class="button button--quiet"
        disabled={!isConnected}
        onClick={() => setAsks(true)}
        data-testid={testId}
      >
        {words}
      </button>
    );
  }
  return (
    <>
      <p role="alert">{tv("record.sure")}</p>
      <button type="button" class="button" onClick={() => setAsks(false)}>
        {tv("record.cancel")}
      </button>
      <button
        type="button"
        class="button"
        disabled={!isConnected}
        onClick={() => {
          setAsks(false);
          onSure();
        }}
        data-testid={`${testId}-sure`}
      >
        {words}
      </button>
    </>
  );
}
