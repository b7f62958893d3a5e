// People and marks of this consult, beside the picture.
//
// Shows the marks in force and those taken back since this page came, newest first. The log itself is kept by the relay.
// Whoever has no measuring panel reads here what the values beside the marks mean: scale and frame.

import { clockTime, t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { valueWords } from "../live/measure-words";
import type { MarkState } from "../wire/socket";
import { LazyMeasureResults } from "./lazy-measure";
import { authorName, MarkActions, MarkOrigin, shapeWords } from "./mark-card";
import { PenLine } from "./pen-line";
import { PeopleList } from "./people";
import { mayMeasure } from "./rail";

export function ListPanel({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const { consult } = desk;
  const inForce = consult.marks.value;
  const takenBack = consult.replica.value.takenBack;
  const all = [
    ...inForce.map((held) => ({ held, gone: false })),
    ...takenBack.map((held) => ({ held, gone: true })),
  ].sort((a, b) => b.held.at - a.held.at);
  return (
    <aside class="panel" aria-label={t("list.title")} data-testid="list-panel">
      <header class="panel__head">
        <h2>{t("list.people")}</h2>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {t("help.close")}
        </button>
      </header>
      <PeopleList consult={consult} showPage={true} />
      {!mayMeasure(desk) && <LazyMeasureResults desk={desk} />}
      <h2>{t("list.marks")}</h2>
      {all.length === 0 && <p class="quiet">{t("list.noMarks")}</p>}
      <ul class="marks">
        {all.map(({ held, gone }) => (
          <MarkRow key={held.mark.id} desk={desk} held={held} gone={gone} />
        ))}
      </ul>
    </aside>
  );
}

function MarkRow({ desk, held, gone }: { desk: Desk; held: MarkState; gone: boolean }) {
  const { mark } = held;
  const unsent = desk.consult.pending.value.some(
    ({ message }) => message.type === "mark" && message.mark.id === mark.id,
  );
  const states = [
    ...(gone ? [t("mark.withdrawn")] : []),
    ...(held.pinned && !gone ? [t("mark.pinned")] : []),
    ...(unsent ? [t("mark.unsent")] : []),
    ...(mark.drawnOn === "freeze" ? [t("mark.drawnOnFreeze")] : []),
    ...(mark.drawnOn === "stale" ? [t("stage.drawnOnStale")] : []),
  ];
  return (
    <li class="marks__mark" data-gone={gone}>
      <PenLine pen={mark.pen} />
      <span class="marks__words">
        <span>
          {shapeWords(mark.shape)} {valueWords(desk.measuring.answerOf(held))}
        </span>
        <MarkOrigin desk={desk} held={held} />
        <span class="quiet">
          {authorName(held)} {clockTime(held.at, true)}
        </span>
        {states.length > 0 && <span class="quiet">{states.join(" · ")}</span>}
      </span>
      {!gone && <MarkActions desk={desk} held={held} />}
    </li>
  );
}
