// Another recorded picture beside the first: of the same moment, or of another consult.
//
// Owns the second player and how far the two lie apart. Invariant: the right one only ever follows; each says in words whose it is.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { dayTime, tp } from "../i18n/consult-replay";
import { besides } from "../replay/beside";
import { ConsultPlayer } from "../replay/player";
import { searchReplays } from "../replay/source";
import type { ConsultId, SessionId, StreamId } from "../wire/ids";
import type { ReplaySummary } from "../wire/replay";
import { TimeBar } from "./consult-replay-bar";
import { ConsultPane } from "./consult-replay-pane";
import { ReplayTroubleNews } from "./consult-replay-trouble";

/** What stands on the right. */
export type Other = { readonly consult: ConsultId; readonly stream: StreamId | null };

const EVERYTHING = { view: "", finding: "", person: "", fromUs: null, beforeUs: null };

export function OtherChoice({
  leader,
  other,
  onOther,
}: {
  leader: ConsultPlayer;
  other: Other | null;
  onOther: (other: Other | null) => void;
}) {
  const { consult, session } = leader.place;
  const others = useOthers(session, consult);
  const pictures = leader.about.value?.pictures ?? [];
  const streams = pictures.length > 1 ? pictures.map(({ stream }) => ({ consult, stream })) : [];
  const choices: readonly Other[] = [
    ...streams,
    ...others.map((found) => ({ consult: found.consult, stream: null })),
  ];
  if (choices.length === 0) return null;
  const place = choices.findIndex((one) => one.consult === other?.consult && one.stream === other.stream);
  return (
    <label class="past__choice">
      {tp("past.beside")}
      <select
        class="field"
        value={place}
        data-testid="past-beside"
        onChange={({ currentTarget }) => onOther(choices[Number(currentTarget.value)] ?? null)}
      >
        <option value={-1}>{tp("past.besideNone")}</option>
        {choices.map((one, number) => (
          <option key={`${one.consult} ${one.stream}`} value={number}>
            {one.stream === null
              ? tp("past.besideConsult", titleOf(others.find((found) => found.consult === one.consult)))
              : tp("past.besideStream", { number: number + 1 })}
          </option>
        ))}
      </select>
    </label>
  );
}

function titleOf(found: ReplaySummary | undefined): { alias: string; time: string } {
  return { alias: found?.alias ?? "", time: found === undefined ? "" : dayTime(found.openedAt) };
}

/** Other consults that this person may replay. */
function useOthers(session: SessionId, consult: ConsultId): readonly ReplaySummary[] {
  const [others, setOthers] = useState<readonly ReplaySummary[]>([]);
  useEffect(() => {
    const closing = new AbortController();
    searchReplays(session, EVERYTHING, closing.signal).then(
      ({ consults }) => setOthers(consults.filter((found) => found.consult !== consult)),
      // Without the list there is nothing to put beside; everything else works.
      () => undefined,
    );
    return () => closing.abort();
  }, [session, consult]);
  return others;
}

export function Follower({ leader, other }: { leader: ConsultPlayer; other: Other }) {
  const { session } = leader.place;
  const follower = useMemo(
    () => new ConsultPlayer({ consult: other.consult, session }, other.stream),
    [other.consult, other.stream, session],
  );
  const apart = useRef(0);
  const [isAligned, setAligned] = useState(other.consult === leader.place.consult);
  useEffect(() => () => follower.close(), [follower]);
  useEffect(
    () => (isAligned ? besides(leader, follower, () => apart.current) : undefined),
    [leader, follower, isAligned],
  );
  const isSame = other.consult === leader.place.consult;
  const alias = follower.about.value?.alias ?? "";
  return (
    <ConsultPane player={follower} label={`${tp("past.follower")} ${isSame ? "" : alias}`.trim()}>
      <ReplayTroubleNews player={follower} />
      {!isSame && (
        <>
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
        </>
      )}
    </ConsultPane>
  );
}
