// The controls of a replay: play, step, speed, loop.
//
// Calls the player's intents. Invariant: everything works by tap and by key.

import { tp } from "../i18n/consult-replay";
import { clockTime } from "../i18n/i18n";
import { SPEEDS } from "../replay/clock";
import type { ConsultPlayer } from "../replay/player";
import { HEARD_FROM, HEARD_TO } from "../replay/voice";
import { Press } from "./press";
import { Transport } from "./transport";

export function ReplayTransport({ player }: { player: ConsultPlayer }) {
  const speed = player.speed.value;
  const hasVoice = (player.about.value?.voices.length ?? 0) > 0;
  const isMute = speed < HEARD_FROM || speed > HEARD_TO;
  return (
    <fieldset class="replay__controls">
      <legend class="unseen">{tp("past.controls")}</legend>
      <div class="replay__row">
        <Transport
          player={player}
          speeds={SPEEDS}
          name="past"
          onStart={() => player.seek(player.all.peek()?.from ?? 0)}
          words={{
            toStart: tp("past.toStart"),
            back: tp("past.back"),
            play: tp("past.play"),
            pause: tp("past.pause"),
            on: tp("past.on"),
            speed: tp("past.speed"),
            times: (one) => tp("past.times", { speed: one }),
          }}
        />
        <Loop player={player} />
      </div>
      {hasVoice && speed !== 1 && (
        <p class="quiet" role="status" data-testid="past-voice-words">
          {tp(isMute ? "past.mute" : "past.pitch")}
        </p>
      )}
    </fieldset>
  );
}

function Loop({ player }: { player: ConsultPlayer }) {
  const stretch = player.stretch.value;
  const all = player.all.value;
  if (all === null) return null;
  const here = () => player.at.peek();
  const from = stretch?.from ?? all.from;
  const until = stretch?.until ?? all.until;
  return (
    <div class="replay__group">
      <Press
        icon="cutIn"
        words={tp("past.loopFrom")}
        testId="past-loop-from"
        onPress={() => player.setStretch({ from: here(), until: until > here() ? until : all.until })}
      />
      <Press
        icon="cutOut"
        words={tp("past.loopUntil")}
        testId="past-loop-until"
        onPress={() => player.setStretch({ from: from < here() ? from : all.from, until: here() })}
      />
      {stretch !== null && (
        <>
          <Press
            icon="loop"
            words={tp("past.loopEnd")}
            testId="past-loop-end"
            pressed={true}
            onPress={() => player.setStretch(null)}
          />
          <span class="quiet" role="status">
            {tp("past.looping", {
              from: clockTime(stretch.from, true),
              until: clockTime(stretch.until, true),
            })}
          </span>
        </>
      )}
    </div>
  );
}
