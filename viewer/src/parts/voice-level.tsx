// How loud the own microphone is.

import type { Talk } from "../voice/talk";

/** Own loudness; ears are logarithmic. */
export function Level({ talk }: { talk: Talk }) {
  const share = Math.min(1, Math.max(0, 1 + Math.log10(Math.max(talk.level.value, 1e-3)) / 3));
  return (
    <span class="voice__level" aria-hidden="true">
      <span style={{ inlineSize: `${Math.round(share * 100)}%` }} />
    </span>
  );
}
