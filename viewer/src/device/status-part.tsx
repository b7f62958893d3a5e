// Source, ring, saved clips, what is kept of the picture, and link, each in shape, word and number.

import { lineLevel } from "../live/link-cause";
import type { DeviceClips, DeviceHealth, DeviceLink, DeviceState } from "../wire/device";
import type { UplinkState } from "../wire/link";
import { say } from "./say";

type Level = "good" | "care" | "stop" | "none";
const SHAPES: Readonly<Record<Level, string>> = { good: "●", care: "▲", stop: "■", none: "□" };
const HEALTH: Readonly<Record<DeviceHealth, Level>> = { running: "good", opening: "care", failed: "stop" };
/** A ring of less than a save's length is worth a look. */
const SHORT_RING_S = 6;
const MEGABYTE = 1024 * 1024;
const MINUTE_S = 60;

export function StatusPart({ state }: { state: DeviceState }) {
  const { source, ring, clips, journal, link } = state;
  const size = source.width > 0 ? [say("source.size", { width: source.width, height: source.height })] : [];
  return (
    <section class="part part--open" aria-label={say("status")}>
      <dl class="status">
        <Row
          name={say("status.source")}
          level={HEALTH[source.health]}
          word={say(`source.${source.health}`)}
          more={size}
        />
        <Row
          name={say("status.ring")}
          level={ring.frames === 0 ? "none" : ring.seconds < SHORT_RING_S ? "care" : "good"}
          word={say("ring.words", {
            seconds: ring.seconds.toFixed(0),
            megabytes: Math.round(ring.bytes / MEGABYTE),
          })}
          more={[]}
        />
        {clips === null ? (
          <Row name={say("status.spool")} level="none" word={say("spool.none")} more={[]} />
        ) : (
          <Row
            name={say("status.spool")}
            level={spoolLevel(state, clips)}
            word={say("spool.words", { unsent: clips.unsent, safe: clips.safe, sent: clips.sent })}
            more={[
              say("spool.megabytes", { megabytes: Math.round(clips.bytes / MEGABYTE) }),
              ...(clips.waiting > 0 ? [say("spool.unsure", { count: clips.waiting })] : []),
              ...(clips.exportsWaiting > 0 ? [say("spool.exports", { count: clips.exportsWaiting })] : []),
              ...(clips.refusedArrivals > 0
                ? [say("spool.refusedArrivals", { count: clips.refusedArrivals })]
                : []),
              ...(clips.leftOut > 0 ? [say("spool.leftOut", { count: clips.leftOut })] : []),
            ]}
          />
        )}
        {journal !== null && (
          <Row
            name={say("status.journal")}
            level={state.journalTrouble !== null ? "stop" : journal.missed > 0 ? "care" : "good"}
            word={say(state.journalTrouble === null ? "journal.words" : "journal.stopped", {
              minutes: Math.floor(journal.seconds / MINUTE_S),
              megabytes: Math.round(journal.bytes / MEGABYTE),
            })}
            more={journal.missed > 0 ? [say("journal.missed", { frames: journal.missed })] : []}
          />
        )}
        <Row
          name={say("status.link")}
          level={linkLevel(link)}
          word={linkWord(link, clips !== null)}
          more={linkMore(link)}
        />
        {state.encoder !== "" && (
          <Row
            name={say("status.encoder")}
            level="good"
            word={say("encoder.words", { name: state.encoder, kbps: state.kbps })}
            more={[]}
          />
        )}
      </dl>
    </section>
  );
}

function spoolLevel({ clipsTrouble }: DeviceState, { unsent, exportsWaiting }: DeviceClips): Level {
  if (clipsTrouble !== null) return "stop";
  return unsent > 0 || exportsWaiting > 0 ? "care" : "good";
}

type RowProps = {
  readonly name: string;
  readonly level: Level;
  readonly word: string;
  readonly more: readonly string[];
};

function Row({ name, level, word, more }: RowProps) {
  return (
    <div class="status__row" data-level={level}>
      <dt>{name}</dt>
      <dd>
        <span class="status__shape" aria-hidden="true">
          {SHAPES[level]}
        </span>{" "}
        {word}
        {more.map((words) => (
          <span class="quiet" key={words}>
            {" "}
            {words}
          </span>
        ))}
      </dd>
    </div>
  );
}

/** Of a picture that goes out: what its way gives. */
const LINES = { good: "good", weak: "care", poor: "stop" } as const;

function linkLevel(link: DeviceLink): Level {
  const { type } = link;
  if (link.type === "live") return link.uplink === null ? "good" : LINES[lineLevel(link.uplink)];
  if (type === "off") return "none";
  return type === "refused" ? "stop" : "care";
}

/** The same words while it waits and while it tries: they should not come and go with each attempt. */
function linkWord(link: DeviceLink, canSave: boolean): string {
  const { type } = link;
  const line = link.type === "live" && link.uplink !== null ? lineLevel(link.uplink) : "good";
  if (line !== "good") return say(`line.${line}`);
  if (type !== "waiting" && type !== "connecting") return say(`link.${type}`);
  return say(canSave ? "link.waiting" : "link.waitingNoSave");
}

function linkMore(link: DeviceLink): string[] {
  if (link.type === "live") {
    const since = say("link.since", { minutes: Math.floor(link.seconds / 60) });
    return link.uplink === null ? [since] : [since, ...lineWords(link.uplink)];
  }
  return link.type === "connecting" ? [say("link.connecting")] : [];
}

/** Less waiting than this is no news. */
const QUEUE_FROM_MS = 20;

function lineWords({
  targetKbps,
  scalePercent,
  frameRate,
  lostPercent,
  queueMs,
}: UplinkState): readonly string[] {
  return [
    say("line.rate", { mbps: (targetKbps / 1000).toFixed(1) }),
    ...(scalePercent < 100 ? [say("line.scale", { percent: scalePercent })] : []),
    ...(frameRate === null ? [] : [say("line.frames", { fps: frameRate })]),
    ...(lostPercent > 0 ? [say("line.lost", { percent: lostPercent })] : []),
    ...(queueMs >= QUEUE_FROM_MS ? [say("line.queue", { ms: queueMs })] : []),
  ];
}
