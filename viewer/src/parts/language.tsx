// Switches between Japanese and English.

import { learn, t } from "../i18n/i18n";
import { choose, language } from "../i18n/language";

export function LanguageSwitch() {
  const chosen = language.value;
  const other = chosen === "ja" ? "en" : "ja";
  // Words that do not come leave the page as it is; another press asks again.
  const change = () =>
    void learn(other).then(
      () => choose(other),
      () => undefined,
    );
  return (
    <button type="button" class="button button--quiet" lang={other} onClick={change}>
      {t(other === "ja" ? "language.ja" : "language.en")}
    </button>
  );
}
