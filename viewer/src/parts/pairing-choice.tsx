// How two recorded pictures keep together.

import type { Beside, Pairing } from "../clip/beside";
import { tc } from "../i18n/clip-words";

type ChoiceProps = {
  readonly beside: Pick<Beside, "pairing">;
  readonly offered: readonly Pairing[];
};

export function PairingChoice({ beside, offered }: ChoiceProps) {
  return (
    <select
      class="field replay__pairing"
      aria-label={tc("beside.pairing")}
      value={beside.pairing.value}
      data-testid="replay-pairing"
      onChange={({ currentTarget }) => {
        beside.pairing.value =
          offered.find((pairing) => pairing === currentTarget.value) ?? beside.pairing.peek();
      }}
    >
      {offered.map((pairing) => (
        <option key={pairing} value={pairing}>
          {tc(`beside.${pairing}`)}
        </option>
      ))}
    </select>
  );
}
