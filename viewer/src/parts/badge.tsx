// The badge: how good the live picture is, in shape, word and numbers.
//
// Reads the watch. Announces a change of the word only; the numbers change all the time and are left out of the live
// region. Invariant: shape, word and number together, never colour alone.

import { t } from "../i18n/i18n";
import type { Key } from "../i18n/ja";
import type { Watch } from "../live/watch";
import type { LinkLevel } from "../wire/link";

export const SHAPES: Readonly<Record<LinkLevel, string>> = {
  good: "●",
  late: "▲",
  choppy: "▲",
  stopped: "■",
  none: "□",
  hidden: "□",
};

/** The same frames, smaller. */
const REDUCED = "▽";

export type BadgeProps = {
  readonly watch: Watch;
  /** Whether the panel behind it is open. */
  readonly open: boolean;
  readonly onPress: () => void;
};

/** The badge and, over all of it, the button that opens more: its name stays while the words change. */
export function Badge({ watch, open, onPress }: BadgeProps) {
  return (
    <div class="badge">
      <Words watch={watch} />
      <button
        type="button"
        class="badge__open"
        aria-label={t("badge.open")}
        aria-expanded={open}
        onClick={onPress}
        data-testid="badge-open"
      />
    </div>
  );
}

function Words({ watch }: { watch: Watch }) {
  const figures = watch.badge.value;
  const { level } = figures;
  return (
    <div
      class="badge__words"
      role="status"
      aria-label={t("badge.label")}
      data-level={level}
      data-testid="badge"
    >
      <span class="badge__word">
        <span class="badge__shape" aria-hidden="true">
          {SHAPES[level]}
        </span>{" "}
        {t(`badge.${level}` satisfies Key)}
      </span>
      {watch.consult.low.value && level !== "none" && (
        <span class="badge__reduced" data-testid="reduced">
          <span aria-hidden="true">{REDUCED}</span> {t("badge.reduced")}
        </span>
      )}
      <span class="badge__numbers" aria-live="off">
        {numbers(figures).map((words) => (
          <span key={words}>{words}</span>
        ))}
      </span>
    </div>
  );
}

/** Less than this is no news: NACK repairs it within a round trip. */
const LOSS_FROM_PERCENT = 0.5;

/** Of this page, or of another one: that one does not say how old its frame is. */
type Figures = {
  readonly level: LinkLevel;
  readonly ageMs: number | null;
  readonly fps: number | null;
  readonly kbps: number | null;
  readonly lossPercent: number | null;
  readonly frameAgeMs?: number | null;
};

export function numbers({ level, ageMs, fps, kbps, lossPercent, frameAgeMs }: Figures): string[] {
  if (level === "none" || level === "hidden") return [];
  if (level === "stopped")
    return frameAgeMs == null ? [] : [t("badge.seconds", { seconds: Math.floor(frameAgeMs / 1000) })];
  return [
    ageWords(ageMs),
    ...(fps === null ? [] : [t("badge.fps", { fps })]),
    ...(kbps === null ? [] : [t("badge.kbps", { mbps: (kbps / 1000).toFixed(1) })]),
    ...((lossPercent ?? 0) < LOSS_FROM_PERCENT
      ? []
      : [t("badge.loss", { percent: lossPercent?.toFixed(1) ?? "" })]),
  ];
}

/** From here on milliseconds say less than seconds. */
const SECONDS_FROM_MS = 10_000;

function ageWords(ageMs: number | null): string {
  if (ageMs === null) return t("badge.ageUnknown");
  if (ageMs >= SECONDS_FROM_MS) return t("badge.ageSeconds", { seconds: Math.round(ageMs / 1000) });
  return t("badge.age", { ms: Math.round(ageMs) });
}
