// Choosing a second clip to look at side by side, and how the two keep together.
//
// Shows what the consult has; the pairing itself is `clip/beside.ts`. Invariant: a clip is never put beside itself.

import type { Beside, Pairing } from "../clip/beside";
import { tc } from "../i18n/clip-words";
import { clockTime } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import type { ClipId } from "../wire/ids";
import { PairingChoice } from "./pairing-choice";
import { clipTitle } from "./save-news";

const PAIRINGS: readonly Pairing[] = ["time", "phase", "apart"];

type PairingProps = {
  readonly desk: Desk;
  readonly open: ClipId | null;
  readonly other: ClipId | null;
  readonly beside: Beside | null;
  readonly onOther: (clip: ClipId | null) => void;
};

export function PairingControls({ desk, open, other, beside, onOther }: PairingProps) {
  const others = desk.saving.clips.value.filter(({ clip, head }) => clip !== open && head !== null);
  if (others.length === 0) return null;
  return (
    <>
      <div class="replay__group">
        <select
          class="field replay__jump"
          aria-label={tc("beside.with")}
          value={other ?? ""}
          data-testid="replay-beside"
          onChange={({ currentTarget }) => {
            onOther(others.find(({ clip }) => clip === currentTarget.value)?.clip ?? null);
          }}
        >
          <option value="">{tc("beside.nothing")}</option>
          {others.map((clip) => (
            <option key={clip.clip} value={clip.clip}>
              {clipTitle(clip)} {clockTime(clip.head?.takenAt ?? clip.at, true)}
            </option>
          ))}
        </select>
        {beside !== null && <PairingChoice beside={beside} offered={PAIRINGS} />}
      </div>
      {beside?.pairing.value === "phase" && <p class="quiet replay__hint">{tc("beside.needBeats")}</p>}
    </>
  );
}
