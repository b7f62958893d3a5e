// What can be done with the selected mark, below the picture and never over it.

import { clockTime, t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { kindWords, originWords, valueWords } from "../live/measure-words";
import type { Shape } from "../wire/mark";
import type { MarkState } from "../wire/socket";
import { Icon } from "./icon";

export function shapeWords(shape: Shape): string {
  if (shape.type === "label") return t("mark.label", { text: shape.text });
  return shape.type === "measure" ? kindWords(shape.what) : t(`mark.${shape.type}`);
}

export function authorName({ author }: MarkState): string {
  return author.type === "relay" ? t("stage.someone") : author.name;
}

export function MarkCard({ desk }: { desk: Desk }) {
  const id = desk.hand.selected.value;
  const held = id === null ? undefined : desk.consult.marks.value.find((state) => state.mark.id === id);
  if (held === undefined) return null;
  return (
    <section class="card" aria-label={t("mark.selected")} data-testid="mark-card">
      <p class="card__words">
        <strong>{shapeWords(held.mark.shape)}</strong> {valueWords(desk.measuring.answerOf(held))}{" "}
        <MarkOrigin desk={desk} held={held} /> {authorName(held)} {clockTime(held.at, true)}
      </p>
      <MarkActions desk={desk} held={held} />
      <button
        type="button"
        class="button button--quiet"
        aria-label={t("mark.close")}
        onClick={() => desk.select(null)}
      >
        <Icon name="close" />
      </button>
    </section>
  );
}

/** Beside the value of a measurement: where it comes from. */
export function MarkOrigin({ desk, held }: { desk: Desk; held: MarkState }) {
  const { measuring } = desk;
  const words = originWords(measuring.answerOf(held), measuring.gaugeOf(held));
  return words === null ? null : (
    <span class="quiet" data-testid="mark-origin">
      {words}
    </span>
  );
}

export function MarkActions({ desk, held }: { desk: Desk; held: MarkState }) {
  const { id } = held.mark;
  return (
    <span class="card__actions">
      {desk.consult.rights.value.pin && held.mark.shape.type !== "measure" && (
        <button
          type="button"
          class="button"
          aria-pressed={held.pinned}
          onClick={() => desk.consult.pin(id, !held.pinned)}
        >
          {t(held.pinned ? "mark.unpin" : "mark.pin")}
        </button>
      )}
      {desk.isOwn(held) && (
        <button type="button" class="button" onClick={() => desk.withdraw(id)}>
          {t("mark.withdraw")}
        </button>
      )}
    </span>
  );
}
