// Play, step and speed of whatever is replayed: a clip, or a whole consult.
//
// Calls the player's intents. Called by the controls of both. Invariant: the same keys and the same order everywhere; everything
// works by tap.

import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Press } from "./press";

/** What can be played. */
export type Playable = {
  readonly playing: ReadonlySignal<boolean>;
  readonly speed: ReadonlySignal<number>;
  toggle(): void;
  step(by: 1 | -1): void;
  setSpeed(speed: number): void;
};

/** The words of the page that it is on: each brings its own dictionary. */
export type TransportWords = {
  readonly toStart: string;
  readonly back: string;
  readonly play: string;
  readonly pause: string;
  readonly on: string;
  readonly speed: string;
  readonly times: (speed: number) => string;
};

type TransportProps = {
  readonly player: Playable;
  readonly speeds: readonly number[];
  readonly words: TransportWords;
  /** Begins the names that tests know the buttons by. */
  readonly name: string;
  readonly onStart: () => void;
  /** Why it cannot be played. */
  readonly whyNotPlay?: string | null;
  readonly onRefused?: (why: string) => void;
  /** What stands between the steps and the speed. */
  readonly children?: ComponentChildren;
};

export function Transport(props: TransportProps) {
  const { player, speeds, words, name, onStart, whyNotPlay = null, onRefused, children } = props;
  const playing = player.playing.value;
  return (
    <div class="replay__group">
      <Press icon="toStart" words={words.toStart} onPress={onStart} />
      <Press
        icon="stepBack"
        words={words.back}
        shortcut=","
        testId={`${name}-back`}
        onPress={() => player.step(-1)}
      />
      <Press
        icon={playing ? "pause" : "play"}
        words={playing ? words.pause : words.play}
        wide={true}
        pressed={playing}
        testId={`${name}-play`}
        off={whyNotPlay !== null}
        onPress={() => (whyNotPlay === null ? player.toggle() : onRefused?.(whyNotPlay))}
      />
      <Press
        icon="stepOn"
        words={words.on}
        shortcut="."
        testId={`${name}-on`}
        onPress={() => player.step(1)}
      />
      {children}
      <select
        class="field"
        aria-label={words.speed}
        value={player.speed.value}
        data-testid={`${name}-speed`}
        onChange={({ currentTarget }) => player.setSpeed(Number(currentTarget.value))}
      >
        {speeds.map((speed) => (
          <option key={speed} value={speed}>
            {words.times(speed)}
          </option>
        ))}
      </select>
    </div>
  );
}
