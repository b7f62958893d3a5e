// What is wrong, in plain words: what happened, what still works, what to do.

import type { DeviceState, DeviceTrouble } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";

/** Those that cannot wait; the others are told quietly. */
const ALARMS: readonly DeviceTrouble[] = ["sourceFailed", "noMask", "savingFailed"];

export function Troubles({ state }: { state: DeviceState }) {
  return (
    <div class="troubles" role="status">
      {state.troubles.map((trouble) => (
        <div class={ALARMS.includes(trouble) ? "banner banner--alarm" : "banner"} key={trouble}>
          <p>
            {say(`trouble.${trouble}`)}
            {detail(trouble, state) !== null && (
              <span class="quiet troubles__detail">
                {say("trouble.detail", { words: detail(trouble, state) ?? "" })}
              </span>
            )}
          </p>
        </div>
      ))}
    </div>
  );
}

/** The agent's own words, which are English and may name a path of this device. */
function detail(trouble: DeviceTrouble, state: DeviceState): string | null {
  const { source, link, clipsTrouble, exportsTrouble, doorTrouble } = state;
  if (trouble === "sourceFailed") return source.trouble;
  if (trouble === "savingFailed") return clipsTrouble;
  if (trouble === "exportsWait") return exportsTrouble;
  if (trouble === "dicomClosed") return doorTrouble;
  if (trouble === "journalStopped") return state.journalTrouble;
  if (trouble === "refused" && link.type === "refused") return link.reason;
  return null;
}

export function FaultLine({ desk }: { desk: Desk }) {
  const { value: fault } = desk.fault;
  if (fault === null) return null;
  return (
    <div class="banner banner--alarm" role="alert">
      <p>{say(`fault.${fault}`)}</p>
      <button
        type="button"
        class="button button--quiet"
        onClick={() => {
          desk.fault.value = null;
        }}
      >
        {say("close")}
      </button>
    </div>
  );
}
