// What stands in the way of a recorded clip, in words, with what to do; and how much of it is here.
//
// Reads the player. Its place is kept, so that nothing moves under a finger. Invariant: a frame that is not here is never passed
// over in silence.

import type { ClipPlayer, Trouble } from "../clip/player";
import { type ClipKey, TOLD_CODES } from "../i18n/clip-ja";
import { tc } from "../i18n/clip-words";

export function ReplayNews({ player }: { player: ClipPlayer }) {
  const trouble = player.trouble.value;
  return (
    <div class="replay__news">
      <p role="status">{stateWords(player)}</p>
      <p role="alert">
        {trouble !== null && (
          <span class="banner">
            <span>{troubleWords(trouble)}</span>
            <button type="button" class="button" onClick={() => player.retry()}>
              {tc("replay.retry")}
            </button>
          </span>
        )}
      </p>
    </div>
  );
}

function stateWords(player: ClipPlayer): string {
  const table = player.table.value;
  if (player.trouble.value !== null) return "";
  if (player.shown.value === null && (table === null || table.isHere(0))) return tc("replay.loading");
  if (table === null) return "";
  if (!table.isHere(player.target.value)) return tc("replay.notHere");
  if (player.waiting.value) return tc("replay.waiting");
  if (!table.isWhole) {
    const here = table.here().reduce((sum, { from, to }) => sum + to - from + 1, 0);
    return tc("replay.arriving", { here, count: table.count });
  }
  if (table.count === 1) return tc("replay.still");
  return table.canPlay ? "" : tc("replay.noTimes");
}

function troubleWords(trouble: Trouble): string {
  // The relay can read neither pixels that only the vendor's viewer knows nor numbers that contradict each other.
  if (trouble === "codecUnsupported") return tc("trouble.form");
  if (trouble === "clipRefused") return tc("trouble.tableWrong");
  if (trouble === "undecodable" || trouble === "noVideo" || trouble === "tableWrong")
    return tc(`trouble.${trouble}`);
  const told = TOLD_CODES.find((code) => code === trouble);
  return tc(told === undefined ? "trouble.other" : (`trouble.${told}` as ClipKey));
}
