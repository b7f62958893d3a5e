// The controls of one recorded clip: play, step, speed, loop, marks, zoom, file.
//
// Calls the player's intents. A control that cannot be used stays in reach and says why when it is pressed. Invariant: everything works by tap and by
// key, and nothing here needs a drag.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type ClipFile, download } from "../clip/download";
import { zoom } from "../clip/keys";
import { neighbourWithMarks } from "../clip/marks";
import type { ClipPlayer } from "../clip/player";
import { SPEEDS } from "../clip/playhead";
import { tc } from "../i18n/clip-words";
import type { Desk } from "../live/desk";
import type { Stage } from "../stage/stage";
import { ZOOM_STEP } from "../stage/view";
import type { MarkState } from "../wire/socket";
import type { IconName } from "./icon";
import { authorName, shapeWords } from "./mark-card";
import { Press } from "./press";
import { Transport } from "./transport";

type ControlsProps = {
  readonly desk: Desk;
  readonly player: ClipPlayer;
  readonly stage: Stage | null;
  readonly children?: ComponentChildren;
};

/** Where there is room for it, everything is open at once. */
const ROOMY = "(min-width: 80rem) and (min-height: 56rem)";

export function ReplayControls({ desk, player, stage, children }: ControlsProps) {
  const [isOpen, setOpen] = useState(() => matchMedia(ROOMY).matches);
  return (
    <fieldset class="replay__controls">
      <legend class="unseen">{tc("replay.group")}</legend>
      <div class="replay__row">
        <ClipTransport player={player} onRefused={(why) => desk.explain(why)} />
        <Marks player={player} />
        {children}
        <button
          type="button"
          class="button"
          aria-expanded={isOpen}
          data-testid="replay-more"
          onClick={() => setOpen(!isOpen)}
        >
          {tc("replay.more")}
        </button>
      </div>
      {isOpen && (
        <div class="replay__row">
          <Press icon="cutIn" words={tc("replay.in")} shortcut="I" onPress={() => player.setIn()} />
          <Press icon="cutOut" words={tc("replay.out")} shortcut="O" onPress={() => player.setOut()} />
          <Press icon="close" words={tc("replay.whole")} onPress={() => player.setStretch(null)} />
          <Press
            icon="zoomIn"
            words={tc("replay.zoomIn")}
            shortcut="+"
            onPress={() => zoom(stage, ZOOM_STEP)}
          />
          <Press
            icon="zoomOut"
            words={tc("replay.zoomOut")}
            shortcut="-"
            onPress={() => zoom(stage, 1 / ZOOM_STEP)}
          />
          <Press icon="whole" words={tc("replay.zoomWhole")} shortcut="0" onPress={() => stage?.whole()} />
          <Download desk={desk} player={player} />
        </div>
      )}
    </fieldset>
  );
}

type TransportProps = {
  readonly player: ClipPlayer;
  /** Says why it cannot be played, where nothing else on the page does. */
  readonly onRefused?: (why: string) => void;
};

/** Play, step, loop and speed of one clip. */
export function ClipTransport({ player, onRefused }: TransportProps) {
  const table = player.table.value;
  const stretch = player.stretch.value;
  return (
    <Transport
      player={player}
      speeds={SPEEDS}
      name="replay"
      onStart={() => player.seek(stretch?.from ?? 0)}
      whyNotPlay={table === null || table.canPlay ? null : whyNot(table.count)}
      {...(onRefused === undefined ? {} : { onRefused })}
      words={{
        toStart: tc("replay.toStart"),
        back: tc("replay.back"),
        play: tc("replay.play"),
        pause: tc("replay.pause"),
        on: tc("replay.on"),
        speed: tc("replay.speed"),
        times: (speed) => tc("replay.times", { speed }),
      }}
    >
      <Press
        icon="loop"
        words={
          stretch === null
            ? tc("replay.loop")
            : tc("replay.stretch", { from: stretch.from + 1, to: stretch.to + 1 })
        }
        pressed={player.loop.value}
        testId="replay-loop"
        onPress={() => player.setLoop(!player.loop.peek())}
      />
    </Transport>
  );
}

function whyNot(count: number): string {
  return tc(count === 1 ? "replay.still" : "replay.noTimes");
}

/** The frames that somebody wrote on, to jump to. */
function Marks({ player }: { player: ClipPlayer }) {
  const marks = player.marks.value;
  const shown = player.shown.value ?? 0;
  if (marks.size === 0) return null;
  const jump = (by: 1 | -1) => {
    const index = neighbourWithMarks(marks, shown, by);
    return (
      <Press
        icon={by === 1 ? "markOn" : "markBack"}
        words={tc(by === 1 ? "replay.markOn" : "replay.markBack")}
        testId={by === 1 ? "replay-mark-on" : "replay-mark-back"}
        onPress={() => {
          if (index === null) return;
          player.pause();
          player.seek(index);
        }}
      />
    );
  };
  return (
    <div class="replay__group">
      {jump(-1)}
      <select
        class="field replay__jump"
        aria-label={tc("replay.marks")}
        value={marks.has(shown) ? shown : ""}
        data-testid="replay-marks"
        onChange={({ currentTarget }) => {
          player.pause();
          if (currentTarget.value !== "") player.seek(Number(currentTarget.value));
        }}
      >
        <option value="">{tc("replay.marksHere", { count: marks.size })}</option>
        {[...marks].map(([index, held]) => (
          <option key={index} value={index}>
            {tc("replay.markAt", {
              number: index + 1,
              names: held.map((one) => `${shapeWords(one.mark.shape)} ${authorName(one)}`).join(", "),
            })}
          </option>
        ))}
      </select>
      {jump(1)}
    </div>
  );
}

/** DICOM files to take along: the clip, and what people drew and measured on it. */
function Download({ desk, player }: { desk: Desk; player: ClipPlayer }) {
  const isKept = desk.saving.clips.value.some(
    (clip) => clip.clip === player.place.clip && clip.stage.stage === "kept",
  );
  const marks = [...player.marks.value.values()].flat();
  const file = (what: ClipFile, icon: IconName, words: string) => (
    <Press
      icon={icon}
      words={words}
      testId={what === "file" ? "replay-download" : `replay-download-${what}`}
      off={!isKept}
      onPress={() => (isKept ? download(player.place, what) : desk.explain(tc("replay.notWhole")))}
    />
  );
  return (
    <>
      {file("file", "download", tc("replay.download"))}
      {marks.length > 0 && file("marks", "pen", tc("replay.downloadMarks"))}
      {desk.measuring.isOn &&
        marks.some(isMeasured) &&
        file("measurements", "measure", tc("replay.downloadMeasurements"))}
    </>
  );
}

/** Only what has a scale gets into a report. */
function isMeasured({ gauge }: MarkState): boolean {
  return gauge !== undefined && gauge.scale.type !== "pixels";
}
