// How far a clip is, in shape and words: the news about the newest one, and the line in lists.
//
// Reads the desk's saving. Invariant: a stage is said in shape and words together, and "safe" is never said before the log
// says it.

import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import type { ShownClip } from "../live/saving";
import { VIEW_OTHER } from "../wire/constants";

/** How far the newest clip is, where news stands. */
export function SaveNews({ desk }: { desk: Desk }) {
  const clip = desk.saving.news.value;
  return (
    <section class="savenews" role="status" aria-label={t("save.news")} data-testid="save-news">
      {clip !== null && (
        <p class="savenews__line">
          <strong>{clipTitle(clip)}</strong> <StageWords clip={clip} />
        </p>
      )}
    </section>
  );
}

const SHAPES = { asked: "○", unsaid: "□", arriving: "◐", kept: "●", missing: "■" } as const;

/** The stage of a clip in shape, words and, on its way, a number. */
export function StageWords({ clip }: { clip: ShownClip }) {
  const { stage } = clip;
  const name = clip.said ? stage.stage : "unsaid";
  return (
    <span class="clipstage" data-stage={name}>
      <span class="clipstage__shape" aria-hidden="true">
        {SHAPES[name]}
      </span>{" "}
      {t(`clip.stage.${name}`)}
      {name === "arriving" && (
        <span aria-live="off"> {t("clip.percent", { percent: Math.floor(clip.arrived * 100) })}</span>
      )}
      {stage.stage === "missing" && `: ${t(`clip.gap.${stage.reason}`)}`}
    </span>
  );
}

export function viewWords(view: string): string {
  return view === VIEW_OTHER ? t("save.otherView") : view;
}

/** What a clip is called: its view and length, as far as they are known. */
export function clipTitle({ head }: Pick<ShownClip, "head">): string {
  if (head === null) return t("clip.unknown");
  const length =
    head.frames === 1
      ? t("clip.still")
      : t("save.seconds", { seconds: (head.spanUs / 1_000_000).toFixed(1) });
  return head.view === undefined ? length : `${viewWords(head.view)} ${length}`;
}
