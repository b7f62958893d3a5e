// Where the list of people and marks comes when somebody opens it; its code is there before, once the picture runs.
//
// Called by the screens.

import type { Desk } from "../live/desk";
import { Coming } from "./clips-later";
import { useLater } from "./later";

type ListProps = { readonly desk: Desk; readonly onClose: () => void };
type Props = ListProps & { readonly shown: boolean };

const loadList = async () => (await import("./list-panel")).ListPanel;

export function ListPlace({ desk, shown, onClose }: Props) {
  const later = useLater<ListProps>(loadList, shown || desk.picture.size.value !== null);
  if (!shown) return null;
  const List = later.part;
  return List === null ? <Coming later={later} /> : <List desk={desk} onClose={onClose} />;
}
