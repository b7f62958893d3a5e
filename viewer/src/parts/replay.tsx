// The player beside the running picture: one clip, or two at the same moment. Loaded when a clip is first opened.
//
// Owns the players of the clips that are open and their pairing. Invariant: recorded pictures stand in a frame of their own and
// never over the running picture; closing gives back all their memory.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Beside } from "../clip/beside";
import { pressKey } from "../clip/keys";
import { ClipPlayer } from "../clip/player";
import { tc } from "../i18n/clip-words";
import type { Desk } from "../live/desk";
import type { Stage } from "../stage/stage";
import type { ClipId } from "../wire/ids";
import type { ReplayProps } from "./clips-later";
import { PairingControls } from "./replay-beside";
import { ClipTransport, ReplayControls } from "./replay-controls";
import { ReplayPane } from "./replay-pane";

export function Replay({ desk }: ReplayProps) {
  const opened = desk.saving.opened.value;
  const [other, setOther] = useState<ClipId | null>(null);
  const second = other === opened ? null : other;
  const player = usePlayer(desk, opened);
  const follower = usePlayer(desk, second);
  const beside = useMemo(
    () => (player === null || follower === null ? null : new Beside(player, follower)),
    [player, follower],
  );
  useEffect(() => () => beside?.close(), [beside]);
  const [stage, setStage] = useState<Stage | null>(null);
  const root = useRef<HTMLElement>(null);
  useEffect(() => root.current?.focus({ preventScroll: true }), [opened]);
  if (player === null) return null;
  const close = () => {
    desk.saving.opened.value = null;
  };
  return (
    <section
      ref={root}
      class="replay"
      aria-label={tc("replay.title")}
      tabIndex={-1}
      data-testid="replay"
      onKeyDown={(event) => pressKey(event, player, stage)}
    >
      <div class="replay__panes" data-two={follower !== null}>
        <ReplayPane
          key={player.place.clip}
          desk={desk}
          player={player}
          beside={beside}
          onClose={close}
          onStage={setStage}
        />
        {follower !== null && (
          <ReplayPane
            key={follower.place.clip}
            desk={desk}
            player={follower}
            beside={beside}
            onClose={() => setOther(null)}
          >
            {beside?.pairing.value === "apart" && (
              <ClipTransport player={follower} onRefused={(why) => desk.explain(why)} />
            )}
          </ReplayPane>
        )}
      </div>
      <ReplayControls desk={desk} player={player} stage={stage}>
        <PairingControls desk={desk} open={opened} other={second} beside={beside} onOther={setOther} />
      </ReplayControls>
    </section>
  );
}

/** A player for as long as this clip is open; it follows what arrives. */
function usePlayer(desk: Desk, clip: ClipId | null): ClipPlayer | null {
  const { consult, session } = desk.grant;
  const shown = desk.saving.clips.value.find((held) => held.clip === clip);
  const player = useMemo(() => {
    const isKept = shown?.stage.stage === "kept";
    return clip === null ? null : new ClipPlayer({ consult, session, clip }, desk.consult.marks, isKept);
  }, [clip, consult, session]);
  useEffect(() => () => player?.close(), [player]);
  useEffect(() => player?.renew(), [player, shown?.arrived, shown?.stage.stage]);
  return player;
}
