// The list of keys, and the settings of this device. Beside the picture, never over it.

import { th } from "../i18n/help";
import type { HelpKey } from "../i18n/help-words";
import { t } from "../i18n/i18n";
import { shortcuts, side } from "../settings";
import { LanguageSwitch } from "./language";

const KEYS: readonly (readonly [string, HelpKey])[] = [
  ["V", "help.pointer"],
  ["P", "help.pen"],
  ["A", "help.arrow"],
  ["L", "help.label"],
  ["M", "help.measure"],
  ["1 – 4", "help.pens"],
  ["F", "help.freeze"],
  [", .", "help.step"],
  ["B", "help.beat"],
  ["Space", "help.beatPlay"],
  ["S", "help.save"],
  ["T", "help.talk"],
  ["Z", "help.undo"],
  ["+ − 0", "help.zoom"],
  ["← ↑ ↓ →", "help.cursor"],
  ["Shift + ← ↑ ↓ →", "help.pan"],
  ["Enter", "help.enter"],
  ["Esc", "help.escape"],
  ["?", "help.help"],
];

export type HelpProps = {
  /** Measuring is offered on this page. */
  readonly measures: boolean;
  readonly onClose: () => void;
};

export function HelpPanel({ measures, onClose }: HelpProps) {
  return (
    <aside class="panel" aria-label={th("help.title")} data-testid="help-panel">
      <header class="panel__head">
        <h2>{th("help.title")}</h2>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {t("help.close")}
        </button>
      </header>
      <dl class="keys">
        {KEYS.filter(([, meaning]) => measures || meaning !== "help.measure").map(([keys, meaning]) => (
          <div key={keys} class="keys__row">
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{th(meaning)}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">{th("help.touch")}</p>
      <h2>{th("help.settings")}</h2>
      <Toggle words={th("help.shortcuts")} on={shortcuts.value} onChange={(on) => (shortcuts.value = on)} />
      <Toggle
        words={th("help.side")}
        on={side.value === "left"}
        onChange={(on) => (side.value = on ? "left" : "right")}
      />
      <LanguageSwitch />
      <p class="quiet">{t("app.limits")}</p>
    </aside>
  );
}

function Toggle({ words, on, onChange }: { words: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label class="toggle">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{words}</span>
    </label>
  );
}
