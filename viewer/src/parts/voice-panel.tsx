// Settings of the voice: which microphone and loudspeaker, hold to speak, the telephone, leaving.

import { tv } from "../i18n/voice";
import { loudspeaker } from "../settings";
import type { Talk } from "../voice/talk";
import { PhoneLink } from "./phone-link";
import { Level } from "./voice-level";

type Props = {
  readonly talk: Talk;
  readonly phone: string | undefined;
  readonly onClose: () => void;
};

export function VoicePanel({ talk, phone, onClose }: Props) {
  const choices = talk.devices.microphones.value;
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
      <Loudspeakers talk={talk} />
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

/** Nothing where the browser lets no page choose. */
function Loudspeakers({ talk }: { talk: Talk }) {
  const choices = talk.devices.loudspeakers.value;
  if (choices.length === 0) return null;
  const isThere = choices.some(({ deviceId }) => deviceId === loudspeaker.value);
  return (
    <label class="voice__field">
      {tv("talk.loudspeaker")}
      <select
        class="field"
        value={isThere ? loudspeaker.value : ""}
        onChange={(event) => {
          loudspeaker.value = event.currentTarget.value;
        }}
        data-testid="voice-loudspeaker"
      >
        <option value="">{tv("talk.usualLoudspeaker")}</option>
        {choices.map(({ deviceId, label }) => (
          <option key={deviceId} value={deviceId}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
