// A person in a small place: initials in a ring whose colour and pattern are theirs, as around their pointer.

import { personLook } from "../stage/pens";
import type { PersonId } from "../wire/ids";

type Props = { person: PersonId; initials: string; speaks?: boolean };

export function Initials({ person, initials, speaks = false }: Props) {
  const look = personLook(person);
  return (
    <span
      class={`initials initials--pattern${look.pattern}${speaks ? " initials--speaking" : ""}`}
      style={{ borderColor: look.colour }}
      aria-hidden="true"
    >
      {initials}
    </span>
  );
}
