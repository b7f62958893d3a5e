// What is wrong with the link, in words: what happened, what still works, what to do.
//
// Reads the links to relay and picture and what the relay says of the source. Between the bar and the picture, never
// over it. Invariant: a loss is told by words that stay until it is over.

import { useEffect } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Notice } from "../live/consult";
import type { Desk } from "../live/desk";

/** How long the reason for a useless try is shown. */
const WHY_SHOWN_MS = 4_000;

export function Banners({ desk }: { desk: Desk }) {
  const { consult } = desk;
  return (
    <div class="banners" data-testid="banners">
      <div role="status">
        {linkWords(desk).map((words) => (
          <p key={words} class="banner banner--alarm">
            {words}
          </p>
        ))}
        <Why desk={desk} />
      </div>
      <div role="alert">
        {consult.notices.value.map(({ id, code }) => (
          <p key={id} class="banner">
            <span>{noticeWords(code)}</span>
            <button type="button" class="button button--quiet" onClick={() => consult.dismiss(id)}>
              {t("notice.dismiss")}
            </button>
          </p>
        ))}
      </div>
    </div>
  );
}

function noticeWords(code: Notice["code"]): string {
  switch (code) {
    case "outboxFull":
    case "pressTooLate":
    case "freezeUnheard":
      return t(`notice.${code}`);
    default:
      return t(`problem.${code}`);
  }
}

function linkWords(desk: Desk): string[] {
  const { consult } = desk;
  const link = consult.link.value;
  const stopped = desk.watch.badge.value.level === "stopped";
  const words: string[] = [];
  if (link.state === "lost") {
    if (stopped) words.push(t("link.bothLost"));
    else {
      void desk.watch.tick.value;
      words.push(t("link.lost", { seconds: Math.floor((performance.now() - link.since) / 1000) }));
    }
  } else if (link.state === "connecting") {
    words.push(t("link.connecting"));
  } else if (link.state === "open") {
    const picture = pictureWords(desk, stopped);
    if (picture !== null) words.push(picture);
  }
  const waiting = consult.pending.value.filter(({ message }) => message.type !== "saveClip").length;
  if (waiting > 0 && link.state !== "open") words.push(t("link.unsent", { count: waiting }));
  return words;
}

function pictureWords(desk: Desk, stopped: boolean): string | null {
  const flow = desk.consult.flow.value;
  if (flow?.source?.health === "failed") return t("link.sourceFailed");
  if (flow !== null && flow.state !== "live") {
    return t(desk.page === "bedside" ? "link.sourceGoneHere" : "link.sourceGone");
  }
  return stopped ? t("link.pictureLost") : null;
}

/** Says why something cannot be done, for a moment after somebody tried. */
function Why({ desk }: { desk: Desk }) {
  const explanation = desk.explanation.value;
  useEffect(() => {
    if (explanation === null) return undefined;
    const timer = setTimeout(() => {
      desk.explanation.value = null;
    }, WHY_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [explanation]);
  return explanation === null ? null : <p class="banner">{explanation.words}</p>;
}
