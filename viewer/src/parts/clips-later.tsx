// Where the clip list and the player come when somebody needs them.
//
// Owns loading their code and saying when that fails. Called by the screens. Invariant: the first page carries none of it.

import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { type Loaded, useLater } from "./later";

export type ListProps = { readonly desk: Desk; readonly onClose?: () => void };
export type ReplayProps = { readonly desk: Desk };

const loadList = async () => (await import("./clip-list")).ClipList;
const loadReplay = async () => (await import("./replay")).Replay;

/** The clips of the consult. */
export function ClipsPlace(props: ListProps) {
  const later = useLater<ListProps>(loadList, true);
  const List = later.part;
  return List === null ? <Coming later={later} /> : <List {...props} />;
}

/** The player, beside the running picture, while a clip is open. */
export function ReplayPlace({ desk }: ReplayProps) {
  const isOpen = desk.saving.opened.value !== null;
  const later = useLater<ReplayProps>(loadReplay, isOpen);
  if (!isOpen) return null;
  const Replay = later.part;
  return Replay === null ? <Coming later={later} /> : <Replay desk={desk} />;
}

export function Coming({ later }: { later: Pick<Loaded<never>, "failed" | "retry"> }) {
  return (
    <p class="quiet" role="status">
      {later.failed ? t("save.laterFailed") : t("entry.loading")}{" "}
      {later.failed && (
        <button type="button" class="button" onClick={later.retry}>
          {t("entry.retry")}
        </button>
      )}
    </p>
  );
}
