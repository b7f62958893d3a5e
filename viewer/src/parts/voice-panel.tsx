// Settings of the voice: which microphone, hold to speak, the telephone, leaving.

import { tv } from "../i18n/voice";
import type { Talk } from "../voice/talk";
import { PhoneLink } from "./phone-link";
import { Level } from "./voice-level";

type Props = {
  readonly talk: Talk;
  readonly phone: string | undefined;
  readonly onClose: () => void;
};

export function VoicePanel({ talk, phone, onClose }: Props) {
  const choices = talk.microphone.choices.value;
  return (
    <section class="voice__panel" aria-label={tv("talk.settings")} data-testid="voice-panel">
      {!talk.maySpeak && <p>{tv("talk.observer")}</p>}
      {talk.microphone.track.value !== null && (
        <>
          <label class="voice__field">
            {tv("talk.device")}
            <select
              class="field"
              value={talk.microphone.device ?? ""}
              onChange={(event) => void talk.choose(event.currentTarget.value)}
            >
              {choices.map((choice) => (
                <option key={choice.deviceId} value={choice.deviceId}>
                  {choice.label || tv("talk.usual")}
                </option>
              ))}
            </select>
          </label>
          <p class="voice__field">
            {tv("talk.level")} <Level talk={talk} />
          </p>
          <label class="voice__toggle">
            <input
              type="checkbox"
              checked={talk.pushToTalk.value}
              onChange={(event) => talk.usePushToTalk(event.currentTarget.checked)}
            />
            {tv("talk.hold")}
          </label>
          <p class="quiet">{tv("talk.key")}</p>
        </>
      )}
      {phone !== undefined && <PhoneLink phone={phone} />}
      <div class="voice__ends">
        <button
          type="button"
          class="button"
          onClick={() => {
            onClose();
            talk.leave();
          }}
          data-testid="voice-leave"
        >
          {tv("talk.leave")}
        </button>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {tv("talk.close")}
        </button>
      </div>
    </section>
  );
}
