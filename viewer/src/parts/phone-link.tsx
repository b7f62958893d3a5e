// The telephone number of the installation, to tap: the way to speak when a voice does not get through.

import { tv } from "../i18n/voice";

export function PhoneLink({ phone }: { phone: string }) {
  return (
    <a class="button voice__phone" href={`tel:${phone.replace(/[^+\d]/g, "")}`} data-testid="phone">
      {tv("talk.phoneLink", { phone })}
    </a>
  );
}
