// Saving: the press, and what it takes with it.
//
// Shows the desk's saving and calls its intents. Invariant: a button that cannot be used says why, and one that can says what
// it will take.

import type { ComponentChildren } from "preact";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { VIEW_CHOICES } from "../live/saving";
import { whyNotSave, whyNotSaveStill } from "../live/why";
import { CLIP_SECONDS, clipSeconds } from "../settings";
import { type Panel, ToolButton } from "./rail";
import { viewWords } from "./save-news";

/** The tools beside the consult's picture. */
export function SaveGroup({
  desk,
  panel,
  onPanel,
}: {
  desk: Desk;
  panel: Panel;
  onPanel: (panel: Panel) => void;
}) {
  return (
    <div class="rail__group">
      <SaveButton desk={desk} />
      <StillButton desk={desk} />
      <ToolButton
        desk={desk}
        icon="clips"
        words={t("save.clips")}
        pressed={panel === "clips"}
        onPress={() => onPanel(panel === "clips" ? "none" : "clips")}
      />
    </div>
  );
}

export function SaveButton({ desk, big = false }: { desk: Desk; big?: boolean }) {
  const view = desk.saving.view.value;
  const more = `${t("save.seconds", { seconds: clipSeconds.value })}${view === null ? "" : ` ${viewWords(view)}`}`;
  return (
    <ToolButton
      desk={desk}
      icon="save"
      words={`${t("save.clip")} ${more}`}
      shortcut="S"
      kind={big ? "big" : "wide"}
      testId="save"
      why={whyNotSave(desk)}
      onPress={() => desk.saving.press()}
    />
  );
}

export function StillButton({ desk }: { desk: Desk }) {
  return (
    <ToolButton
      desk={desk}
      icon="still"
      words={t("save.still")}
      testId="save-still"
      why={whyNotSaveStill(desk)}
      onPress={() => desk.saving.still()}
    />
  );
}

/** What the next press takes with it; both stay until they are changed. */
export function SaveChoices({ desk, children }: { desk: Desk; children?: ComponentChildren }) {
  const { view } = desk.saving;
  return (
    <fieldset class="savechoices">
      <legend class="unseen">{t("save.group")}</legend>
      <label class="choosing">
        <span>{t("save.view")}</span>
        <select
          class="field"
          data-testid="save-view"
          value={view.value ?? ""}
          onChange={({ currentTarget }) => {
            view.value = currentTarget.value === "" ? null : currentTarget.value;
          }}
        >
          <option value="">{t("save.noView")}</option>
          {VIEW_CHOICES.map((name) => (
            <option key={name} value={name}>
              {viewWords(name)}
            </option>
          ))}
        </select>
      </label>
      <label class="choosing">
        <span>{t("save.length")}</span>
        <select
          class="field"
          data-testid="save-seconds"
          value={clipSeconds.value}
          onChange={({ currentTarget }) => {
            clipSeconds.value = Number(currentTarget.value);
          }}
        >
          {CLIP_SECONDS.map((seconds) => (
            <option key={seconds} value={seconds}>
              {t("save.seconds", { seconds })}
            </option>
          ))}
        </select>
      </label>
      {children}
    </fieldset>
  );
}
