// The view label of what is saved next.

import { VIEW_OTHER, VIEWS } from "../wire/constants";
import type { DeviceState } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";

export function ViewPart({ desk, state }: { desk: Desk; state: DeviceState }) {
  return (
    <fieldset class="chips chips--view">
      <legend class="chips__name">{say("view")}</legend>
      {[null, ...VIEWS, VIEW_OTHER].map((view) => (
        <label class="chip" key={view ?? ""}>
          <input
            type="radio"
            name="view"
            checked={state.view === view}
            onChange={() => void desk.label(view)}
          />
          {view === VIEW_OTHER ? say("view.other") : (view ?? say("view.none"))}
        </label>
      ))}
    </fieldset>
  );
}
