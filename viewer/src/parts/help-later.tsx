// Where the help comes when somebody asks for it; its code is there before, once the picture runs.
//
// Called by the screens.

import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import type { HelpProps } from "./help-panel";
import { useLater } from "./later";

type Props = HelpProps & {
  readonly desk: Desk;
  readonly shown: boolean;
};

const loadHelp = async () => (await import("./help-panel")).HelpPanel;

export function HelpPlace({ desk, shown, ...props }: Props) {
  const later = useLater<HelpProps>(loadHelp, shown || desk.picture.size.value !== null);
  if (!shown) return null;
  const Help = later.part;
  if (Help !== null) return <Help {...props} />;
  return <p role="status">{t(later.failed ? "measure.loadFailed" : "measure.loading")}</p>;
}
