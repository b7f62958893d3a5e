// The two large buttons, SAVE and FREEZE, and what became of the last save.

import { Icon } from "../parts/icon";
import { SAVE_CHOICES_S } from "../wire/constants";
import type { DeviceState, SaveStage } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";

/** The outcome of a save stays in sight for so long. */
const SHOWN_S = 20;

export function Controls({ desk, state }: { desk: Desk; state: DeviceState }) {
  const frozen = state.frozen !== null;
  const canSave = state.clips !== null;
  const last = state.saves[0];
  return (
    <section class="controls" aria-label={say("save")}>
      <div class="controls__vital">
        <button
          type="button"
          class="vital vital--save"
          disabled={!canSave || state.newest === null}
          onClick={() => void desk.save()}
          data-testid="save"
        >
          <span class="vital__word">{say("save")}</span>
          <span class="vital__more">
            {frozen ? say("save.frozen") : say("save.last", { seconds: desk.seconds.value })}
          </span>
        </button>
        <button
          type="button"
          class="vital"
          aria-pressed={frozen}
          disabled={state.newest === null}
          onClick={() => void desk.freezeOrRelease()}
          data-testid="freeze"
        >
          <Icon name={frozen ? "release" : "freeze"} />
          <span class="vital__word">{say(frozen ? "release" : "freeze")}</span>
        </button>
      </div>
      {canSave ? (
        <fieldset class="chips">
          <legend class="unseen">{say("save.seconds")}</legend>
          {SAVE_CHOICES_S.map((seconds) => (
            <label class="chip" key={seconds}>
              <input
                type="radio"
                name="seconds"
                checked={desk.seconds.value === seconds}
                onChange={() => {
                  desk.seconds.value = seconds;
                }}
              />
              {say("save.secondsOne", { seconds })}
            </label>
          ))}
        </fieldset>
      ) : (
        <p class="quiet">{say("save.none")}</p>
      )}
      <p class="controls__outcome" role="status" data-testid="outcome">
        {last !== undefined && last.agoS <= SHOWN_S && outcome(last.stage)}
      </p>
    </section>
  );
}

function outcome(stage: SaveStage): string {
  switch (stage.type) {
    case "waiting":
      return say("save.waiting");
    case "safe":
      return `● ${say("save.safe")}`;
    case "finished":
      return `● ${say("save.finished")}`;
    case "missing":
      if (stage.reason === "gone") return `■ ${say("save.missing.gone")}`;
      if (stage.reason === "deviceStorage") return `■ ${say("save.missing.deviceStorage")}`;
      if (stage.reason === "tooMany") return `■ ${say("save.missing.tooMany")}`;
      if (stage.reason === "visitUnread") return `■ ${say("save.missing.visitUnread")}`;
      if (stage.reason === "stale") return `■ ${say("save.missing.stale")}`;
      return `■ ${say("save.missing.other")}`;
  }
}
