// The view label of what is saved next.

import type { DeviceState } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";

/** Names of the profession, the same in every language. */
const VIEWS = ["PLAX", "PSAX", "A4C", "A2C", "A3C", "SC4C", "IVC"] as const;

export function ViewPart({ desk, state }: { desk: Desk; state: DeviceState }) {
  return (
    <fieldset class="chips chips--view">
      <legend class="chips__name">{say("view")}</legend>
      {[null, ...VIEWS].map((view) => (
        <label class="chip" key={view ?? ""}>
          <input
            type="radio"
            name="view"
            checked={state.view === view}
            onChange={() => void desk.label(view)}
          />
          {view ?? say("view.none")}
        </label>
      ))}
    </fieldset>
  );
}
