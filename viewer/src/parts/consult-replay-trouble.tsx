// What stands in the way of a replay, in words, with what to do.
//
// Reads the player. Invariant: each of two that stand side by side says its own.

import { tp } from "../i18n/consult-replay";
import type { ConsultPlayer, ReplayTrouble } from "../replay/player";

const TOLD: readonly ReplayTrouble[] = [
  "unreachable",
  "notFound",
  "sessionExpired",
  "noVideo",
  "noVoice",
  "undecodable",
];

export function ReplayTroubleNews({ player }: { player: ConsultPlayer }) {
  const trouble = player.trouble.value;
  if (trouble === null) return null;
  const told = TOLD.includes(trouble) ? trouble : "other";
  return (
    <p class="banner" role="alert" data-testid="past-trouble">
      {tp(`past.trouble.${told as "other"}`)}{" "}
      <button type="button" class="button" onClick={() => player.retry()}>
        {tp("past.retry")}
      </button>
    </p>
  );
}
