// One consult in a list: alias, whether a picture comes, how many are there.

import { clockTime, t } from "../i18n/i18n";
import type { ConsultSummary } from "../wire/http";

export function ConsultLine({ consult }: { consult: ConsultSummary }) {
  return (
    <span class="consultline">
      <strong>{consult.alias}</strong>
      <span data-live={consult.picture}>
        <span aria-hidden="true">{consult.picture ? "● " : "□ "}</span>
        {t(consult.picture ? "entry.picture" : "entry.noPicture")}
      </span>
      <span>{t("entry.people", { count: consult.people })}</span>
      <span>{t("entry.openedAt", { time: clockTime(consult.openedAt, false) })}</span>
    </span>
  );
}
