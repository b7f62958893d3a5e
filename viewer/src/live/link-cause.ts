// Whose line is weak: what holds the picture up, told from what the device, the relay and this page measure.
//
// Pure. Called by the link watch and by the device page, which has the device's own figures only. A publisher that is not our
// agent says nothing of its line: then what arrives at the relay against what is painted here is all there is.
// Invariant: a line is called weak only for something that was measured on it.

import type { LinkCause, LinkLevel, UplinkState } from "../wire/link";
import type { FlowState } from "../wire/socket";

/** From here on loss is more than what repair hides (issue 4: 2 % must not be felt, 5 % may be). */
const WEAK_LOSS_PERCENT = 2;
const POOR_LOSS_PERCENT = 10;
/** A queue that stands this long (issue 4: 150 ms outside of a drop). */
const WEAK_QUEUE_MS = 150;
const POOR_QUEUE_MS = 400;
/** Half of this is the way itself. */
const WEAK_ROUND_TRIP_MS = 400;
/** The picture is sent at this share of its size or below. */
const POOR_SCALE_PERCENT = 50;
/** A share of the frames that is no accident. */
const CLEARLY_LESS = 0.8;
/** A share of the bits below which this page gets a smaller picture than the relay; bits of a second vary more. */
const SMALLER_BELOW = 0.5;
/** Frames of a source below which nobody sees motion (quality.ts). */
const SLOW_SOURCE_FPS = 15;

export type LineLevel = "good" | "weak" | "poor";

/** The device's line in a word. Frames are given up last, when the picture is at its smallest. */
export function lineLevel(line: UplinkState): LineLevel {
  const { lostPercent, queueMs, scalePercent, frameRate, roundTripMs } = line;
  if (
    lostPercent >= POOR_LOSS_PERCENT ||
    queueMs >= POOR_QUEUE_MS ||
    scalePercent <= POOR_SCALE_PERCENT ||
    frameRate !== null
  )
    return "poor";
  const isWeak =
    lostPercent >= WEAK_LOSS_PERCENT ||
    queueMs >= WEAK_QUEUE_MS ||
    scalePercent < 100 ||
    (roundTripMs ?? 0) >= WEAK_ROUND_TRIP_MS;
  return isWeak ? "weak" : "good";
}

/** What arrives at the relay. */
export type AtRelay = {
  readonly state: FlowState;
  readonly fps: number;
  readonly kbps: number;
  readonly source?: {
    readonly health: "running" | "opening" | "failed";
    readonly fps: number;
    readonly uplink?: UplinkState;
  } | null;
};

/** What arrives here. */
export type AtPage = {
  readonly level: LinkLevel;
  readonly fps: number | null;
  readonly kbps: number | null;
  readonly lossPercent: number | null;
};

export function causeOf(relay: AtRelay | null, page: AtPage): LinkCause {
  if (relay?.state === "stopped") return "absent";
  const source = relay?.source ?? null;
  if (source !== null && source.health !== "running") return "source";
  const uplink = relay !== null && uplinkIsWeak(relay);
  const own = ownIsWeak(relay, page);
  if (uplink && own) return "both";
  if (uplink) return "uplink";
  if (own) return "own";
  if (source !== null && source.fps < SLOW_SOURCE_FPS) return "source";
  // Late or standing although nothing arrives late at the relay: it is lost between there and here.
  const isHeldUp = page.level === "late" || page.level === "stopped";
  return relay !== null && isHeldUp ? "own" : "nothing";
}

function uplinkIsWeak({ state, fps, source }: AtRelay): boolean {
  if (state !== "live") return true;
  if (source?.uplink !== undefined && lineLevel(source.uplink) !== "good") return true;
  return source != null && fps < source.fps * CLEARLY_LESS;
}

function ownIsWeak(relay: AtRelay | null, page: AtPage): boolean {
  if ((page.lossPercent ?? 0) >= WEAK_LOSS_PERCENT) return true;
  if (relay === null || relay.state !== "live" || page.level === "hidden") return false;
  const fewer = page.fps !== null && page.fps < relay.fps * CLEARLY_LESS;
  // A smaller picture than the one that came to the relay.
  const smaller = page.kbps !== null && page.kbps < relay.kbps * SMALLER_BELOW;
  return fewer || smaller;
}
