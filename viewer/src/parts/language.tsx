// Switches between Japanese and English.

import { t } from "../i18n/i18n";
import { choose, language } from "../i18n/language";

export function LanguageSwitch() {
  const chosen = language.value;
  const other = chosen === "ja" ? "en" : "ja";
  return (
    <button type="button" class="button button--quiet" lang={other} onClick={() => choose(other)}>
      {t(other === "ja" ? "language.ja" : "language.en")}
    </button>
  );
}
