// The relay said that this page cannot come back by itself: why, and what to do.

import { t } from "../i18n/i18n";
import type { ProblemCode } from "../wire/problem";

export function Ended({ code }: { code: ProblemCode }) {
  return (
    <main class="entry">
      <h1>{t("link.ended")}</h1>
      <p role="alert">{t(`problem.${code}`)}</p>
      <p class="entry__actions">
        <button type="button" class="button button--primary" onClick={() => location.reload()}>
          {t("entry.retry")}
        </button>
        <a class="button" href="/">
          {t("entry.back")}
        </a>
      </p>
    </main>
  );
}
