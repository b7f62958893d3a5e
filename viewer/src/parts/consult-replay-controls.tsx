// The controls of a replay: play, step, speed, loop.
//
// Calls the player's intents. Invariant: everything works by tap and by key.

import { tp } from "../i18n/consult-replay";
import { clockTime } from "../i18n/i18n";
import { SPEEDS } from "../replay/clock";
import type { ConsultPlayer } from "../replay/player";
import { HEARD_FROM, HEARD_TO } from "../replay/voice";
import { Icon, type IconName } from "./icon";

export function ReplayTransport({ player }: { player: ConsultPlayer }) {
  const playing = player.playing.value;
  const speed = player.speed.value;
  const hasVoice = (player.about.value?.voices.length ?? 0) > 0;
  const isMute = speed < HEARD_FROM || speed > HEARD_TO;
  return (
    <fieldset class="replay__controls">
      <legend class="unseen">{tp("past.controls")}</legend>
      <div class="replay__row">
        <div class="replay__group">
          <Press
            icon="toStart"
            words={tp("past.toStart")}
            onPress={() => player.seek(player.all.peek()?.from ?? 0)}
          />
          <Press
            icon="stepBack"
            words={tp("past.back")}
            shortcut=","
            testId="past-back"
            onPress={() => player.step(-1)}
          />
          <Press
            icon={playing ? "pause" : "play"}
            words={tp(playing ? "past.pause" : "past.play")}
            wide={true}
            pressed={playing}
            testId="past-play"
            onPress={() => player.toggle()}
          />
          <Press
            icon="stepOn"
            words={tp("past.on")}
            shortcut="."
            testId="past-on"
            onPress={() => player.step(1)}
          />
          <select
            class="field"
            aria-label={tp("past.speed")}
            value={speed}
            data-testid="past-speed"
            onChange={({ currentTarget }) => player.setSpeed(Number(currentTarget.value))}
          >
            {SPEEDS.map((one) => (
              <option key={one} value={one}>
                {tp("past.times", { speed: one })}
              </option>
            ))}
          </select>
        </div>
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

type PressProps = {
  readonly icon: IconName;
  readonly words: string;
  readonly shortcut?: string;
  readonly pressed?: boolean;
  readonly wide?: boolean;
  readonly testId?: string;
  readonly onPress: () => void;
};

function Press({ icon, words, shortcut, pressed, wide = false, testId, onPress }: PressProps) {
  return (
    <button
      type="button"
      class={`tool${wide ? " tool--wide" : ""}`}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      title={shortcut === undefined ? words : `${words} (${shortcut})`}
      data-testid={testId}
      onClick={onPress}
    >
      <Icon name={icon} />
      <span class="tool__words">{words}</span>
    </button>
  );
}
