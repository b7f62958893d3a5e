// Where the visiting physician's files come; the code for it is there once the picture runs, or when there is none.
//
// Owns loading its code. Called by the bedside page.

import type { Desk } from "../live/desk";
import { Coming } from "./clips-later";
import { useLater } from "./later";

type Props = { readonly desk: Desk };

const loadBring = async () => (await import("./bring")).Bring;

export function BringPlace({ desk }: Props) {
  const mayBring = desk.grant.role === "visitingPhysician";
  const later = useLater<Props>(loadBring, mayBring);
  if (!mayBring) return null;
  const Bring = later.part;
  return Bring === null ? <Coming later={later} /> : <Bring desk={desk} />;
}
