// What stands on the left and on the right of a replay: the consult, a saved clip of it, another picture, another consult.
//
// Owns both choices, what keeps the two together, and whose keys are pressed. Invariant: the left one sets the pace, and waits for the right
// one where they go together.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Beside, type Following, type Leading, type Pairing } from "../clip/beside";
import { pressKey as pressClipKey } from "../clip/keys";
import { loopedMoment } from "../clip/phase";
import { tc } from "../i18n/clip-words";
import { tp } from "../i18n/consult-replay";
import { isOfControl, pressKey } from "../replay/keys";
import type { ConsultPlayer } from "../replay/player";
import type { Jump } from "../replay/story";
import type { Stage } from "../stage/stage";
import type { ClipId } from "../wire/ids";
import { Legend, TimeBar } from "./consult-replay-bar";
import { Follower, LeftChoice, OtherChoice, type Side } from "./consult-replay-beside";
import { ReplayedClipPane, useReplayedClip } from "./consult-replay-clip";
import { ReplayTransport } from "./consult-replay-controls";
import { ConsultPane } from "./consult-replay-pane";
import { PairingChoice } from "./pairing-choice";
import { Beats } from "./replay-beats";
import { ClipTransport } from "./replay-controls";

const OF_CLIPS: readonly Pairing[] = ["time", "phase", "apart"];
/** A clip begins at 0, a consult when it began: only beats tell which moments are the same. */
const OF_CONSULT: readonly Pairing[] = ["phase", "apart"];

export function ReplaySides({ player, jumps }: { player: ConsultPlayer; jumps: readonly Jump[] }) {
  const [left, setLeft] = useState<ClipId | null>(null);
  const [other, setOther] = useState<Side | null>(null);
  const stage = useRef<Stage | null>(null);
  const clip = useReplayedClip(player, left);
  const right = useReplayedClip(player, other?.what === "clip" ? other.clip : null);
  const beside = useMemo(() => besideOf(player, clip, right), [player, clip, right]);
  useEffect(() => () => beside?.close(), [beside]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (clip === null) pressKey(event, player, stage.current);
      else if (!isOfControl(event)) pressClipKey(event, clip, stage.current);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [player, clip]);
  const onStage = (made: Stage | null) => {
    stage.current = made;
  };
  const onLeft = (chosen: ClipId | null) => {
    player.pause();
    setLeft(chosen);
    // Beside a clip stands a clip, and never the same one.
    if (chosen !== null && (other?.what !== "clip" || other.clip === chosen)) setOther(null);
  };
  const isByBeat = beside?.pairing.value === "phase";
  return (
    <>
      <div class="past__panes" data-two={other !== null}>
        {clip === null ? (
          <ConsultPane player={player} label={other === null ? null : tp("past.leader")} onStage={onStage}>
            {isByBeat && <Beats beside={beside} player={player} />}
          </ConsultPane>
        ) : (
          <ReplayedClipPane
            key={left}
            player={clip}
            beside={beside}
            onClose={() => onLeft(null)}
            onStage={onStage}
          />
        )}
        {right !== null && (
          <ReplayedClipPane
            key={right.place.clip}
            player={right}
            beside={beside}
            onClose={() => setOther(null)}
          >
            {beside?.pairing.value === "apart" && <ClipTransport player={right} />}
          </ReplayedClipPane>
        )}
        {other?.what === "consult" && (
          <Follower key={`${other.consult} ${other.stream}`} leader={player} other={other} />
        )}
      </div>
      {clip === null ? (
        <>
          <TimeBar player={player} jumps={jumps} name="" />
          <Legend player={player} />
          <ReplayTransport player={player} />
        </>
      ) : (
        <fieldset class="replay__controls">
          <legend class="unseen">{tp("past.controls")}</legend>
          <div class="replay__row">
            <ClipTransport player={clip} />
          </div>
        </fieldset>
      )}
      <div class="past__row">
        <LeftChoice leader={player} left={left} onLeft={onLeft} />
        <OtherChoice leader={player} left={left} other={other} onOther={setOther} />
        {beside !== null && (
          <div class="past__choice">
            <PairingChoice beside={beside} offered={clip === null ? OF_CONSULT : OF_CLIPS} />
            {isByBeat && <p class="quiet">{tc("beside.needBeats")}</p>}
          </div>
        )}
      </div>
    </>
  );
}

function besideOf(
  consult: Leading,
  clip: Leading | null,
  right: Following | null,
): Beside<Leading, Following> | null {
  if (right === null) return null;
  return clip === null ? new Beside(consult, right, "phase", loopedMoment) : new Beside(clip, right);
}
