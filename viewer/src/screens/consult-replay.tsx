// 相談の再生: a consult as it was, for those who were in it and for trainers. Loaded when its address is opened.
//
// Owns the player of the consult and puts its parts on the page. Invariant: read only, and said to be; closing gives back all memory.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { dayTime, tp } from "../i18n/consult-replay";
import { Legend, TimeBar } from "../parts/consult-replay-bar";
import { Follower, type Other, OtherChoice } from "../parts/consult-replay-beside";
import { ReplayTransport } from "../parts/consult-replay-controls";
import { Jumps } from "../parts/consult-replay-jumps";
import { ConsultPane } from "../parts/consult-replay-pane";
import { ReplayPeople } from "../parts/consult-replay-people";
import { ReplayTroubleNews } from "../parts/consult-replay-trouble";
import { LanguageSwitch } from "../parts/language";
import { pressKey } from "../replay/keys";
import { ConsultPlayer, isGrowing } from "../replay/player";
import { jumpsOf } from "../replay/story";
import { follow } from "../router";
import type { Stage } from "../stage/stage";
import type { SessionGrant } from "../wire/http";
import type { ConsultId } from "../wire/ids";
import "../style/consult-replay.css";

export type ReplayScreenProps = { readonly grant: SessionGrant; readonly consult: ConsultId };

export function ConsultReplayScreen({ grant, consult }: ReplayScreenProps) {
  const player = useMemo(
    () => new ConsultPlayer({ consult, session: grant.session }),
    [consult, grant.session],
  );
  useEffect(() => () => player.close(), [player]);
  const [other, setOther] = useState<Other | null>(null);
  const stage = useRef<Stage | null>(null);
  const story = player.story.value;
  const jumps = useMemo(() => (story === null ? [] : jumpsOf(story)), [story]);
  const title = tp("past.title");
  useEffect(() => {
    document.title = `${title} - Hibiki`;
  }, [title]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => pressKey(event, player, stage.current);
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [player]);
  return (
    <div class="past" data-testid="past">
      <Head player={player} />
      <main class="past__main">
        <ReplayTroubleNews player={player} />
        <div class="past__panes" data-two={other !== null}>
          <ConsultPane
            player={player}
            label={other === null ? null : tp("past.leader")}
            onStage={(made) => {
              stage.current = made;
            }}
          />
          {other !== null && (
            <Follower key={`${other.consult} ${other.stream}`} leader={player} other={other} />
          )}
        </div>
        <TimeBar player={player} jumps={jumps} name="" />
        <Legend player={player} />
        <ReplayTransport player={player} />
        <div class="past__row">
          <OtherChoice leader={player} other={other} onOther={setOther} />
          <News player={player} />
        </div>
      </main>
      <aside class="past__side">
        <ReplayPeople player={player} />
        <Jumps player={player} jumps={jumps} />
      </aside>
    </div>
  );
}

function Head({ player }: { player: ConsultPlayer }) {
  const about = player.about.value;
  return (
    <header class="bar">
      <a class="bar__home" href="/" onClick={(event) => follow(event, "/")}>
        Hibiki
      </a>
      <h1 class="bar__title past__title">
        {about === null ? tp("past.title") : about.alias}{" "}
        {about !== null && <span class="quiet">{tp("past.opened", { time: dayTime(about.openedAt) })}</span>}
      </h1>
      <a class="button button--quiet" href="/" onClick={(event) => follow(event, "/")}>
        {tp("past.toEntry")}
      </a>
      <LanguageSwitch />
    </header>
  );
}

/** What somebody has to know of the record: that it goes on, heals, is damaged, or has no voices. */
function News({ player }: { player: ConsultPlayer }) {
  const about = player.about.value;
  const story = player.story.value;
  if (about === null || story === null) return null;
  const spoilt = about.pictures.reduce((sum, picture) => sum + picture.spoilt, 0);
  const hasGaps = story.end.recordings.some(({ gaps }) => gaps.length > 0);
  const isOver = about.closedAt !== null;
  return (
    <ul class="past__news" data-testid="past-news">
      <li>{tp("past.readOnly")}</li>
      <li>
        {about.closedAt === null ? tp("past.going") : tp("past.closed", { time: dayTime(about.closedAt) })}
      </li>
      {isOver && isGrowing(about) && <li>{tp("past.growing")}</li>}
      {!isOver && hasGaps && <li>{tp("past.healing")}</li>}
      {spoilt > 0 && <li>{tp("past.spoilt", { count: spoilt })}</li>}
      {about.voices.length === 0 && <li>{tp("past.noVoices")}</li>}
    </ul>
  );
}
