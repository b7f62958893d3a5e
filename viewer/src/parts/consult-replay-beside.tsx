// What stands on either side of a replay, to choose from; and another consult, or another picture of this one, on the right.
//
// Owns the second player and how far the two lie apart. Invariant: the right one only ever follows; each says in words whose it is.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { dayTime, tp } from "../i18n/consult-replay";
import { clockTime } from "../i18n/i18n";
import { besides } from "../replay/beside";
import { ConsultPlayer } from "../replay/player";
import type { ClipState } from "../wire/clip";
import type { ClipId, ConsultId, StreamId } from "../wire/ids";
import { TimeBar } from "./consult-replay-bar";
import { ConsultPane } from "./consult-replay-pane";
import { ReplayTroubleNews } from "./consult-replay-trouble";
import { useConsults } from "./past-choice";
import { clipTitle } from "./save-news";

/** What stands on the right. */
export type Side =
  | { readonly what: "consult"; readonly consult: ConsultId; readonly stream: StreamId | null }
  | { readonly what: "clip"; readonly clip: ClipId };
type OtherConsult = Extract<Side, { what: "consult" }>;

/** The consult itself on the left, or a saved clip of it. */
export function LeftChoice({ leader, left, onLeft }: LeftProps) {
  const clips = clipsOf(leader);
  if (clips.length === 0) return null;
  return (
    <label class="past__choice">
      {tp("past.onLeft")}
      <select
        class="field"
        value={left ?? ""}
        data-testid="past-left"
        onChange={({ currentTarget }) =>
          onLeft(clips.find(({ clip }) => clip === currentTarget.value)?.clip ?? null)
        }
      >
        <option value="">{tp("past.wholeConsult")}</option>
        {clips.map((held) => (
          <option key={held.clip} value={held.clip}>
            {clipWords(held)}
          </option>
        ))}
      </select>
    </label>
  );
}

type LeftProps = {
  readonly leader: ConsultPlayer;
  readonly left: ClipId | null;
  readonly onLeft: (clip: ClipId | null) => void;
};

type OtherProps = {
  readonly leader: ConsultPlayer;
  /** The clip on the left. */
  readonly left: ClipId | null;
  readonly other: Side | null;
  readonly onOther: (other: Side | null) => void;
};

export function OtherChoice({ leader, left, other, onOther }: OtherProps) {
  const { consult, session } = leader.place;
  // Without the list there is nothing to put beside; everything else works.
  const found = useConsults(session, false);
  const others = (found.consults ?? []).filter((one) => one.consult !== consult);
  const pictures = leader.about.value?.pictures ?? [];
  const clips = clipsOf(leader).filter(({ clip }) => clip !== left);
  const choices: { readonly side: Side; readonly words: string }[] = clips.map((held) => ({
    side: { what: "clip", clip: held.clip },
    words: clipWords(held),
  }));
  if (left === null) {
    const streams = pictures.length > 1 ? pictures : [];
    streams.forEach(({ stream }, place) => {
      const words = tp("past.besideStream", { number: place + 1 });
      choices.push({ side: { what: "consult", consult, stream }, words });
    });
    for (const found of others) {
      const words = tp("past.besideConsult", { alias: found.alias, time: dayTime(found.openedAt) });
      choices.push({ side: { what: "consult", consult: found.consult, stream: null }, words });
    }
  }
  if (choices.length === 0) return null;
  const chosen = JSON.stringify(other);
  const place = choices.findIndex(({ side }) => JSON.stringify(side) === chosen);
  return (
    <>
      <label class="past__choice">
        {tp("past.beside")}
        <select
          class="field"
          value={place}
          data-testid="past-beside"
          onChange={({ currentTarget }) => onOther(choices[Number(currentTarget.value)]?.side ?? null)}
        >
          <option value={-1}>{tp("past.besideNone")}</option>
          {choices.map(({ words, side }, number) => (
            <option key={JSON.stringify(side)} value={number}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {left === null && found.more && (
        <button type="button" class="button" data-testid="past-beside-older" onClick={found.older}>
          {tp("past.besideOlder")}
        </button>
      )}
    </>
  );
}

/** What was saved of the consult and is all here. */
function clipsOf(leader: ConsultPlayer): readonly ClipState[] {
  const clips = leader.story.value?.end.clips ?? [];
  return clips.filter(({ head, stage }) => head !== null && stage.stage === "kept");
}

function clipWords(clip: ClipState): string {
  const time = clockTime(clip.head?.takenAt ?? clip.at, true);
  return tp("past.besideClip", { title: clipTitle(clip), time });
}

export function Follower({ leader, other }: { leader: ConsultPlayer; other: OtherConsult }) {
  const { session } = leader.place;
  const follower = useMemo(
    () => new ConsultPlayer({ consult: other.consult, session }, other.stream),
    [other.consult, other.stream, session],
  );
  const apart = useRef(0);
  const [isAligned, setAligned] = useState(false);
  useEffect(() => () => follower.close(), [follower]);
  // At once: one that the control says is let go is not taken along by a seek that comes right after.
  useLayoutEffect(
    () => (isAligned ? besides(leader, follower, () => apart.current) : undefined),
    [leader, follower, isAligned],
  );
  const isSame = other.consult === leader.place.consult;
  const alias = follower.about.value?.alias ?? "";
  return (
    <ConsultPane player={follower} label={`${tp("past.follower")} ${isSame ? "" : alias}`.trim()}>
      <ReplayTroubleNews player={follower} />
      <TimeBar player={follower} jumps={[]} name={tp("past.follower")} />
      <p class="quiet">{tp("past.alignNote")}</p>
      <button
        type="button"
        class="button"
        aria-pressed={isAligned}
        data-testid="past-align"
        onClick={() => {
          apart.current = follower.at.peek() - leader.at.peek();
          setAligned(!isAligned);
        }}
      >
        {tp("past.align")}
      </button>
    </ConsultPane>
  );
}
