// 相談の再生: a consult as it was, for those who were in it and for trainers. Loaded when its address is opened.
//
// Owns the player of the consult and puts its parts on the page. Invariant: read only, and said to be; closing gives back all memory.

import { useEffect, useMemo } from "preact/hooks";
import { dayTime, tp } from "../i18n/consult-replay";
import { Jumps } from "../parts/consult-replay-jumps";
import { ReplayPeople } from "../parts/consult-replay-people";
import { ReplaySides } from "../parts/consult-replay-sides";
import { ReplayTroubleNews } from "../parts/consult-replay-trouble";
import { LanguageSwitch } from "../parts/language";
import { ConsultPlayer, isGrowing } from "../replay/player";
import { jumpsOf } from "../replay/story";
import { follow } from "../router";
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
  const story = player.story.value;
  const jumps = useMemo(() => (story === null ? [] : jumpsOf(story)), [story]);
  const title = tp("past.title");
  useEffect(() => {
    document.title = `${title} - Hibiki`;
  }, [title]);
  return (
    <div class="past" data-testid="past">
      <Head player={player} />
      <main class="past__main">
        <ReplayTroubleNews player={player} />
        <ReplaySides player={player} jumps={jumps} />
        <News player={player} />
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
