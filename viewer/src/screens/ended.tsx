// The relay said that this page cannot come back by itself: why, and what to do.

import { t } from "../i18n/i18n";
import { follow, replayPath } from "../router";
import type { ConsultId } from "../wire/ids";
import type { ProblemCode } from "../wire/problem";

type Props = { readonly code: ProblemCode; readonly consult: ConsultId };

export function Ended({ code, consult }: Props) {
  const path = replayPath(consult);
  return (
    <main class="entry">
      <h1>{t("link.ended")}</h1>
      <p role="alert">{t(`problem.${code}`)}</p>
      <p class="entry__actions">
        <button type="button" class="button button--primary" onClick={() => location.reload()}>
          {t("entry.retry")}
        </button>
        <a class="button" href={path} onClick={(event) => follow(event, path)}>
          {t("entry.replay")}
        </a>
        <a class="button" href="/">
          {t("entry.back")}
        </a>
      </p>
    </main>
  );
}
