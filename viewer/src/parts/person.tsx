// A person in a small place: initials in a ring whose colour and pattern are theirs, as around their pointer.

import { personLook } from "../stage/pens";
import type { PersonId } from "../wire/ids";

export function Initials({ person, initials }: { person: PersonId; initials: string }) {
  const look = personLook(person);
  return (
    <span
      class={`initials initials--pattern${look.pattern}`}
      style={{ borderColor: look.colour }}
      aria-hidden="true"
    >
      {initials}
    </span>
  );
}
