// Where the link panel comes when somebody opens the badge. Its code is there before, once the picture runs: it measures.
//
// Called by the screens.

import { useEffect } from "preact/hooks";
import { t } from "../i18n/i18n";
import { SHAPES } from "./badge";
import { useLater } from "./later";
import type { LinkProps } from "./link-panel";
import { PeopleList } from "./people";

const loadLink = async () => (await import("./link-panel")).LinkPart;

export function LinkPlace(props: Pick<LinkProps, "desk" | "shown" | "onClose">) {
  const { picture, consult } = props.desk;
  const isSettled = picture.size.value !== null || picture.whep.value.state === "noPicture";
  const isOpen = consult.link.value.state === "open";
  const later = useLater<LinkProps>(loadLink, props.shown || (isSettled && isOpen));
  // What did not come over a weak link is asked for again when that is back.
  useEffect(() => {
    if (later.failed && isOpen) later.retry();
  }, [isOpen, props.shown]);
  const Link = later.part;
  if (Link !== null)
    return <Link {...props} shapes={SHAPES} people={<PeopleList consult={consult} showPage={true} />} />;
  return props.shown && later.failed ? <p role="status">{t("problem.unreachable")}</p> : null;
}
