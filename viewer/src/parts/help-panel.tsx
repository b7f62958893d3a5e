// The list of keys, and the settings of this device. Beside the picture, never over it.

import { t } from "../i18n/i18n";
import type { Key } from "../i18n/ja";
import { shortcuts, side } from "../settings";
import { LanguageSwitch } from "./language";

const KEYS: readonly (readonly [string, Key])[] = [
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
  ["Z", "help.undo"],
  ["+ − 0", "help.zoom"],
  ["← ↑ ↓ →", "help.cursor"],
  ["Shift + ← ↑ ↓ →", "help.pan"],
  ["Enter", "help.enter"],
  ["Esc", "help.escape"],
  ["?", "help.help"],
];

type Props = {
  /** Measuring is offered on this page. */
  readonly measures: boolean;
  readonly onClose: () => void;
};

export function HelpPanel({ measures, onClose }: Props) {
  return (
    <aside class="panel" aria-label={t("help.title")} data-testid="help-panel">
      <header class="panel__head">
        <h2>{t("help.title")}</h2>
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
            <dd>{t(meaning)}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">{t("help.touch")}</p>
      <h2>{t("help.settings")}</h2>
      <Toggle words={t("help.shortcuts")} on={shortcuts.value} onChange={(on) => (shortcuts.value = on)} />
      <Toggle
        words={t("help.side")}
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
