// Where the words of a label are written: below the picture, which goes on meanwhile.

import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { MAX_LABEL_CHARS } from "../wire/constants";

export function LabelEntry({ desk }: { desk: Desk }) {
  const draft = desk.hand.labelDraft.value;
  const input = useRef<HTMLInputElement>(null);
  // Before the next paint, so that no letter that is typed at once gets lost.
  useLayoutEffect(() => {
    if (draft !== null) input.current?.focus();
  }, [draft]);
  if (draft === null) return null;
  const done = (text: string | null) => {
    if (text === null) desk.hand.labelDraft.value = null;
    else desk.hand.writeLabel(text);
    desk.stage?.canvas.focus({ preventScroll: true });
  };
  return (
    <form
      class="card"
      data-testid="label-entry"
      onSubmit={(event) => {
        event.preventDefault();
        done(input.current?.value ?? "");
      }}
      onKeyDown={(event) => {
        // Escape inside a Japanese conversion belongs to the conversion.
        if (event.key === "Escape" && !event.isComposing) done(null);
      }}
    >
      <label class="card__words" for="label-words">
        {t("label.prompt")}
      </label>
      <input
        ref={input}
        id="label-words"
        class="field"
        type="text"
        maxLength={MAX_LABEL_CHARS}
        placeholder={t("label.placeholder")}
        autoComplete="off"
        enterKeyHint="done"
      />
      <span class="card__actions">
        <button type="submit" class="button button--primary">
          {t("label.place")}
        </button>
        <button type="button" class="button button--quiet" onClick={() => done(null)}>
          {t("label.cancel")}
        </button>
      </span>
    </form>
  );
}
