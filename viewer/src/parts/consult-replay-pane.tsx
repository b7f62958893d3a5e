// One consult on the page: the words that say what is seen, the picture, and the marks over it.
//
// Reads the player; decides nothing. Invariant: that it is a record, and what of it is
// on the glass, stands in words beside the picture at every moment.

import type { ComponentChildren } from "preact";
import { tp } from "../i18n/consult-replay";
import { clockTime, t } from "../i18n/i18n";
import type { ConsultPlayer } from "../replay/player";
import type { Stage } from "../stage/stage";
import { RecordedStage } from "./consult-replay-stage";

type Props = {
  readonly player: ConsultPlayer;
  readonly label: string | null;
  readonly onStage?: (stage: Stage | null) => void;
  readonly children?: ComponentChildren;
};

export function ConsultPane({ player, label, onStage, children }: Props) {
  const glass = player.glass.value;
  const { what } = glass;
  return (
    <article
      class="replay__pane past__pane"
      data-testid="past-pane"
      data-glass={what}
      data-settled={glass.what !== "frame" || glass.isSettled}
      data-marks={player.marks.value.length}
      data-pointers={player.pointers.value.length}
    >
      <div class="replay__frame">
        <Strip player={player} label={label} />
        <RecordedStage
          picture={player}
          marks={() => player.marks.value}
          pointers={() => player.pointers.value}
          onStage={onStage}
        >
          {(what === "hole" || what === "none" || what === "coming") && <Instead player={player} />}
        </RecordedStage>
      </div>
      {children}
    </article>
  );
}

function Strip({ player, label }: { player: ConsultPlayer; label: string | null }) {
  const freeze = player.frozen.value;
  const author = freeze?.author.type === "relay" ? null : freeze?.author.name;
  return (
    <div class="replay__strip">
      <p>
        {label !== null && <strong>{label} </strong>}
        <strong class="replay__recorded">{tp("past.recorded")}</strong>{" "}
        <span class="replay__notnow">{tp("past.notNow")}</span>
      </p>
      <p data-testid="past-glass" aria-live="off">
        {glassWords(player)}
      </p>
      {freeze !== null && (
        <p class="past__frozen" data-testid="past-frozen">
          {tp("past.frozenBy", { name: author ?? t("stage.someone") })}
        </p>
      )}
      <Time player={player} />
    </div>
  );
}

/** By itself, because it changes with every picture. */
function Time({ player }: { player: ConsultPlayer }) {
  return (
    <time class="past__time" data-testid="past-time">
      {clockTime(player.at.value, true)}
    </time>
  );
}

function glassWords(player: ConsultPlayer): string {
  const glass = player.glass.value;
  if (glass.what === "original") return tp("past.original");
  if (glass.what !== "frame") return "";
  if (player.chosen.value !== null) return tp("past.chosen");
  return tp(glass.isFilled ? "past.filled" : "past.frame");
}

/** What stands where there is no picture: a frame from before would be read as one of this moment. */
function Instead({ player }: { player: ConsultPlayer }) {
  const glass = player.glass.value;
  const isEmpty = (player.about.value?.pictures.length ?? 0) === 0;
  const words = () => {
    if (player.about.value === null) return tp("past.loading");
    if (glass.what === "coming")
      return glass.percent === null
        ? tp("past.coming")
        : tp("past.comingPercent", { percent: glass.percent });
    if (player.trouble.value === "noVideo") return tp("past.trouble.noVideo");
    if (isEmpty) return tp((player.story.value?.entries.length ?? 0) > 0 ? "past.none" : "past.empty");
    return tp("past.hole");
  };
  // While a running picture catches up, the frame before is of this moment, about.
  const isSolid = glass.what !== "coming" || glass.isApart;
  return (
    <p class="past__instead" data-solid={isSolid} data-testid="past-instead">
      {words()}
    </p>
  );
}
