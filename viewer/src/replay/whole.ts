// From when to when a consult is replayed, and where that begins.
//
// Pure. Called by `player.ts`. Invariant: what lies between the ends holds every frame, every voice and all that happened.

import type { StreamId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { ReplayAbout } from "../wire/replay";
import type { RtpTime } from "../wire/units";
import type { Span } from "./clock";
import type { Story } from "./story";
import type { PictureTable } from "./table";

/** From the first thing that happened to the last: a consult may have been opened days before anybody came. */
export function wholeOf(about: ReplayAbout, story: Story, tables: ReadonlyMap<StreamId, PictureTable>): Span {
  const moments: number[] = [];
  story.entries.forEach(({ event }, index) => {
    const isBegin = event.type === "joined" || event.type === "streamStarted";
    if (isBegin && story.atUs(index) >= about.openedAt) moments.push(story.atUs(index));
  });
  const last = story.entries.length - 1;
  if (last >= 0 && story.atUs(last) >= about.openedAt) moments.push(story.atUs(last));
  for (const table of tables.values())
    if (table.count > 0) moments.push(table.atUs[0] ?? 0, table.atUs[table.count - 1] ?? 0);
  for (const { spoken } of about.voices) moments.push(...spoken.flat());
  if (moments.length === 0) return { from: about.openedAt, until: about.openedAt };
  const from = moments.reduce((least, us) => Math.min(least, us));
  return { from, until: moments.reduce((most, us) => Math.max(most, us)) };
}

/** Where there is something to see. */
export function beginOf(all: Span, tables: ReadonlyMap<StreamId, PictureTable>): number {
  const firsts = [...tables.values()].filter(({ count }) => count > 0).map(({ atUs }) => atUs[0] ?? all.from);
  return firsts.length === 0 ? all.from : Math.min(...firsts);
}

/** A frame of a recording as the log names it. */
export function anchorOf(table: PictureTable, index: number): Anchor {
  const rtpTime = ((table.ticks[index] ?? 0) % 2 ** 32) as RtpTime;
  return { type: "live", stream: table.stream, rtpTime };
}
