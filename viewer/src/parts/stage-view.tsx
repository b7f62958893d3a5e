// The picture with everything over it, inside the frame that says LIVE, FROZEN or STALE.
//
// Puts the desk's video, cover and canvas into the page; draws nothing itself. Invariant: words and border say the
// same, and nothing but ink ever lies over the picture.

import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import { Badge, type BadgeProps } from "./badge";

/** How long it is said who let the picture run again. */
const RELEASE_TOLD_MS = 5_000;

type Props = { readonly desk: Desk; readonly badge: Omit<BadgeProps, "watch"> };

export function StageView({ desk, badge }: Props) {
  const layers = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const host = layers.current;
    const ink = canvas.current;
    if (host === null || ink === null) return undefined;
    host.prepend(desk.picture.video, desk.picture.cover);
    return desk.mount(ink);
  }, [desk]);
  const scenery = desk.scenery.value;
  const tool = desk.hand.tool.value;
  return (
    <section class="frame" data-scenery={scenery} data-testid="frame">
      <div class="frame__strip">
        <SceneryWords desk={desk} />
        <Badge watch={desk.watch} {...badge} />
        <ZoomLevel desk={desk} />
      </div>
      <div class="frame__stage" ref={layers}>
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: "application" hands the keys to the stage, which is what drawing by keyboard needs */}
        <canvas
          ref={canvas}
          id="stage"
          class="frame__ink"
          tabIndex={0}
          role="application"
          aria-label={t("stage.label")}
          data-tool={tool}
          data-testid="stage"
        />
        {scenery === "waiting" && <Waiting desk={desk} />}
      </div>
    </section>
  );
}

function SceneryWords({ desk }: { desk: Desk }) {
  const [title, more] = sceneryWords(desk);
  return (
    <p class="scenery" data-testid="scenery">
      <strong class="scenery__title" role="status">
        {title}
      </strong>{" "}
      <span class="scenery__more">{more}</span>
    </p>
  );
}

function sceneryWords(desk: Desk): [string, string] {
  const still = desk.picture.still.value;
  switch (desk.scenery.value) {
    case "live":
      return [t("stage.live"), releasedBy(desk) ?? t("stage.liveMore")];
    case "stale": {
      const seconds = Math.floor((desk.watch.badge.value.frameAgeMs ?? 0) / 1000);
      return [t("stage.stale"), t("stage.staleMore", { seconds })];
    }
    case "frozenOriginal":
      return [t("stage.frozenOriginal"), frozenBy(desk, "stage.frozenBy")];
    case "frozen":
      return [t("stage.frozen"), `${frozenBy(desk, "stage.frozenBy")}${noOriginal(desk)}`];
    case "frozenNear":
      return [
        t("stage.frozenNear"),
        t("stage.frozenNearMore", { ms: still?.kind === "near" ? Math.round(still.offMs) : "" }),
      ];
    case "frozenComing":
      return [t("stage.frozen"), t("stage.frozenComing")];
    case "frozenMissing":
      return [t("stage.frozenMissing"), frozenBy(desk, "stage.frozenMissingMore")];
    case "waiting":
      return [t("stage.waiting"), ""];
  }
}

/** A picture never runs again without a word. */
function releasedBy(desk: Desk): string | null {
  const released = desk.consult.released.value;
  if (released === null) return null;
  void desk.watch.tick.value;
  if (performance.now() - released.at > RELEASE_TOLD_MS) return null;
  return t("stage.releasedBy", { name: released.name ?? t("stage.someone") });
}

function frozenBy(desk: Desk, key: "stage.frozenBy" | "stage.frozenMissingMore"): string {
  const freeze = desk.consult.replica.value.state.freeze;
  if (freeze === null) return t("stage.frozenSending");
  return t(key, { name: freeze.author.type === "relay" ? t("stage.someone") : freeze.author.name });
}

/** Why this is not the original, or that it is on its way; nothing while that is a matter of a blink. */
function noOriginal(desk: Desk): string {
  const news = desk.freeze.original.value;
  return news === null || news === "proven" ? "" : ` ${t(`stage.original.${news}`)}`;
}

function ZoomLevel({ desk }: { desk: Desk }) {
  const percent = Math.round(desk.view.value.zoom * 100);
  return (
    <span class="zoomlevel" data-testid="zoom">
      {t("stage.zoom", { percent })}
    </span>
  );
}

function Waiting({ desk }: { desk: Desk }) {
  const state = desk.picture.whep.value;
  let words: string;
  if (state.state === "refused") words = t(`problem.${state.code}`);
  else if (state.state === "noPicture") words = t("stage.waitingNoPicture");
  else words = t(state.state === "lost" ? "stage.waitingLost" : "stage.waitingConnecting");
  return (
    <p class="frame__waiting" role="status">
      {words}
    </p>
  );
}
