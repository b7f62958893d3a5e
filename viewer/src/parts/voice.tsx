// The voice in a person's hand: join, mute, hold to speak, and one large button when the device took it away.
//
// Loaded after the picture runs. Reads the signals of `voice/talk.ts` and calls its intents. Invariant: whatever is wrong
// with the voice is said in words beside the button that mends it.

import { useEffect, useState } from "preact/hooks";
import { tv } from "../i18n/voice";
import type { Desk } from "../live/desk";
import { listenToKey } from "../voice/key";
import { Talk } from "../voice/talk";
import { Icon } from "./icon";
import { PhoneLink } from "./phone-link";
import { Level } from "./voice-level";
import { voiceNews } from "./voice-news";
import { VoicePanel } from "./voice-panel";
import { VoiceSign } from "./voice-sign";

export function Voice({ desk }: { desk: Desk }) {
  const [talk, setTalk] = useState<Talk | null>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const mine = new Talk(desk.consult);
    setTalk(mine);
    const stop = listenToKey(mine);
    // A page that goes away says so: the others must not see a voice that is nobody's.
    const leave = () => mine.close();
    addEventListener("pagehide", leave);
    voiceNews.value = () => (
      <>
        <VoiceSign consult={desk.consult} />
        <Trouble talk={mine} phone={desk.consult.settings.value.phone} />
      </>
    );
    return () => {
      voiceNews.value = null;
      removeEventListener("pagehide", leave);
      stop();
      mine.close();
    };
  }, [desk]);
  if (talk === null) return null;
  return (
    <div
      class="voice"
      data-testid="voice"
      data-state={talk.state.value}
      data-heard={talk.heard.value.toFixed(3)}
    >
      <Main talk={talk} />
      {talk.state.value !== "off" && (
        <button
          type="button"
          class="button button--quiet voice__more"
          aria-label={tv("talk.settings")}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          data-testid="voice-settings"
        >
          …
        </button>
      )}
      {open && talk.state.value !== "off" && (
        <VoicePanel talk={talk} phone={desk.consult.settings.value.phone} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}

function Main({ talk }: { talk: Talk }) {
  switch (talk.state.value) {
    case "off":
      return (
        <button
          type="button"
          class="button voice__main"
          onClick={() => void talk.join()}
          data-testid="voice-join"
        >
          <Icon name="mic" />
          <span class="voice__words">{tv("talk.join")}</span>
        </button>
      );
    case "joining":
      return (
        <span class="voice__main quiet" role="status">
          {tv("talk.joining")}
        </span>
      );
    case "on":
      return talk.microphone.track.value === null ? (
        <span class="voice__main quiet">{tv("talk.listening")}</span>
      ) : (
        <MicButton talk={talk} />
      );
  }
}

function MicButton({ talk }: { talk: Talk }) {
  if (talk.isStopped.value) {
    return (
      <button type="button" class="button voice__main" onClick={() => void talk.restore()}>
        <Icon name="micOff" />
        <span class="voice__words">{tv("talk.stopped")}</span>
      </button>
    );
  }
  const muted = talk.muted.value;
  const holds = talk.pushToTalk.value;
  const press = holds
    ? {
        onPointerDown: () => talk.mute(false),
        onPointerUp: () => talk.mute(true),
        onPointerLeave: () => talk.mute(true),
        onPointerCancel: () => talk.mute(true),
      }
    : { onClick: () => talk.mute(!muted) };
  const words = tv(holds ? "talk.holdNow" : muted ? "talk.muted" : "talk.on");
  // What it shows comes first in its name, for whoever says it aloud (WCAG 2.5.3); then what a press does.
  const name = holds ? words : `${words} ${tv(muted ? "talk.unmute" : "talk.mute")}`;
  return (
    <button
      type="button"
      class="button voice__main"
      aria-pressed={!muted}
      aria-label={name}
      data-testid="voice-mute"
      {...press}
    >
      <Icon name={muted ? "micOff" : "mic"} />
      <span class="voice__words">{words}</span>
      <Level talk={talk} />
    </button>
  );
}

function Trouble({ talk, phone }: { talk: Talk; phone: string | undefined }) {
  const trouble = talk.trouble.value;
  if (trouble === null) return null;
  return (
    <div class="voice__trouble" role="alert" data-testid="voice-trouble">
      <p>
        {tv(`talk.trouble.${trouble}`)} {tv("talk.pictureGoesOn")}
      </p>
      {phone !== undefined && <PhoneLink phone={phone} />}
      <button
        type="button"
        class="button button--primary voice__restore"
        onClick={() => void talk.restore()}
        data-testid="voice-restore"
      >
        {tv("talk.restore")}
      </button>
    </div>
  );
}
