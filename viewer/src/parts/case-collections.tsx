// Which collections a case is in, and putting it into others.
//
// Owns what is typed. Names that there are already are offered, so that one collection does not get two spellings. A name for a
// published case is ticked as it is added; a draft is read as a whole.

import { signal } from "@preact/signals";
import { tc } from "../i18n/case";

/** All collections, as the library told them last. */
export const knownCollections = signal<readonly string[]>([]);

const MOST_CHARS = 80;

type Props = {
  readonly collections: readonly string[];
  readonly isDraft: boolean;
  readonly collects: (collections: readonly string[], looked: boolean) => void;
};

export function CaseCollections({ collections, isDraft, collects }: Props) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = new FormData(form);
    const name = String(typed.get("collection") ?? "").trim();
    if (name === "" || collections.includes(name)) return;
    collects([...collections, name], typed.get("looked") !== null);
    form.reset();
  };
  return (
    <section class="case__collections" aria-label={tc("case.collection")}>
      <h3>{tc("case.collection")}</h3>
      {collections.length === 0 && <p class="quiet">{tc("case.noCollection")}</p>}
      <ul class="case__numbers" data-testid="case-collections">
        {collections.map((name) => (
          <li key={name}>
            <button
              type="button"
              class="button button--quiet"
              onClick={() =>
                collects(
                  collections.filter((other) => other !== name),
                  false,
                )
              }
            >
              {name} <span class="unseen">{tc("case.takeOut")}</span>
              <span aria-hidden="true">✕</span>
            </button>
          </li>
        ))}
      </ul>
      <form class="case__actions" onSubmit={submit}>
        <label>
          <span class="unseen">{tc("case.collectionName")}</span>
          <input
            class="field"
            type="text"
            name="collection"
            list="collections"
            maxLength={MOST_CHARS}
            placeholder={tc("case.collectionName")}
            data-testid="case-collection-name"
          />
        </label>
        <datalist id="collections">
          {knownCollections.value.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {!isDraft && (
          <label class="case__tick">
            <input type="checkbox" name="looked" required data-testid="case-collection-looked" />
            {tc("case.lookName")}
          </label>
        )}
        <button type="submit" class="button" data-testid="case-collect">
          {tc("case.putIn")}
        </button>
      </form>
    </section>
  );
}
