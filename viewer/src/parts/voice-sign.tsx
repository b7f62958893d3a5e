// ● 音声を録音中: that voices are recorded, in words and shape, for everybody who may hear or speak.
//
// Comes with the voice's own code: nobody can open a microphone here without it. Shows what the log says. Invariant: it stands as
// long as a consent stands, also while nothing can be written.

import { tv } from "../i18n/voice";
import type { Consult } from "../live/consult";

export function VoiceSign({ consult }: { consult: Consult }) {
  const { consent, written } = consult.replica.value.state.voiceRecording;
  const isStopped = written === false;
  if (!consult.settings.value.voiceRecording && consent === null) return null;
  return (
    // The place is there before the words, so that they are announced when they come.
    <div class="voice__sign" role="status" data-testid="voice-sign">
      {consent !== null && (
        <p data-state={isStopped ? "stopped" : "recording"}>
          <span class="voice__shape" aria-hidden="true">
            {isStopped ? "■" : "●"}
          </span>{" "}
          {tv(isStopped ? "record.stopped" : "record.on")}
        </p>
      )}
    </div>
  );
}
