// The loop before the frozen frame: what of it is here, where it stands, and how to stop and step it.
//
// Reads the beat and what the log says of it; decides nothing. Below the picture, never over it. Invariant: a beat that is
// cut short, has a frame that is not what was said, or does not fit into this page says so.

import { t } from "../i18n/i18n";
import type { BeatView } from "../live/beat";
import type { Desk } from "../live/desk";
import type { BeatState } from "../wire/socket";
import { Icon, type IconName } from "./icon";

export function BeatCard({ desk }: { desk: Desk }) {
  const view = desk.beat.view.value;
  const beat = desk.consult.replica.value.state.freeze?.beat ?? null;
  if (view === null || beat === null) return null;
  const stands = view.at !== null;
  return (
    <section class="card" aria-label={t("beat.title")} data-testid="beat-card">
      {stands && (
        <span class="card__actions">
          <LoopButton
            icon={view.playing ? "freeze" : "release"}
            words={t(view.playing ? "beat.pause" : "beat.play")}
            testId="beat-play"
            onPress={() => desk.beat.playOrPause()}
          />
          <LoopButton
            icon="stepBack"
            words={t("beat.back")}
            testId="beat-back"
            onPress={() => desk.beat.step(-1)}
          />
          <LoopButton icon="stepOn" words={t("beat.on")} testId="beat-on" onPress={() => desk.beat.step(1)} />
        </span>
      )}
      <p class="card__words" data-testid="beat-words">
        {stands && <strong class="card__figure">{t("beat.at", { n: view.at ?? "", of: view.of })}</strong>}{" "}
        <span role="status">{newsWords(view, beat)}</span>
      </p>
    </section>
  );
}

function newsWords(view: BeatView, beat: BeatState): string {
  const { news, author } = beat;
  if (news.state === "missing") return t(`beat.missing.${news.reason}`);
  if (view.of === 0)
    return t("beat.awaited", { name: author.type === "relay" ? t("stage.someone") : author.name });
  const words: string[] = [];
  if (view.ended && view.came < view.of) words.push(t("beat.cut", { count: view.came, of: view.of }));
  if (view.wrong > 0) words.push(t("beat.wrong", { count: view.wrong }));
  if (view.leftOut > 0) words.push(t("beat.leftOut", { count: view.proven }));
  const looked = view.proven + view.wrong + view.leftOut;
  if (looked < (view.ended ? view.came : view.of))
    words.push(t("beat.proving", { count: view.proven, of: view.of }));
  return words.length === 0 ? t("beat.whole") : words.join(" ");
}

function LoopButton({
  icon,
  words,
  testId,
  onPress,
}: {
  icon: IconName;
  words: string;
  testId: string;
  onPress: () => void;
}) {
  return (
    <button
      type="button"
      class="button"
      aria-label={words}
      title={words}
      data-testid={testId}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  );
}
