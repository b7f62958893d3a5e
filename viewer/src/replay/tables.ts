// The frame tables of a consult's recorded pictures, as far as they were asked for.
//
// Owns when one is asked for anew: an hour of frames is a long answer, and a log that goes on says of most of them that nothing changed.
// Called by `player.ts`. Invariant: a table is of the recording as the relay had it when it was asked last.

import type { StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { ReplayFrames, ReplayPicture } from "../wire/replay";
import type { Story } from "./story";
import { PictureTable } from "./table";

export class PictureTables {
  readonly #held = new Map<StreamId, { readonly of: ReplayPicture; readonly table: PictureTable }>();
  /** Of before: what came since is another frame. */
  readonly #stale = new Set<StreamId>();

  constructor(readonly frames: (stream: StreamId) => Promise<ReplayFrames[]>) {}

  outdate(stream: StreamId): void {
    this.#stale.add(stream);
  }

  get isStale(): boolean {
    return this.#stale.size > 0;
  }

  /** All tables, with those anew whose recording changed; `fresh` came to the log since. */
  async renewed(
    pictures: readonly ReplayPicture[],
    story: Story,
    fresh: readonly LogEntry[],
  ): Promise<ReadonlyMap<StreamId, PictureTable>> {
    for (const picture of pictures) {
      const { stream } = picture;
      const held = this.#held.get(stream);
      // Frames may be filled in or come again without there being more of them: the log says so.
      const isTold = fresh.some(({ event }) => "stream" in event && event.stream === stream);
      const isSame = held !== undefined && isAlike(held.of, picture) && !isTold && !this.#stale.has(stream);
      if (isSame || picture.frames === 0) continue;
      this.#stale.delete(stream);
      const parts = await this.frames(stream);
      const gaps = story.end.recordings.find((one) => one.stream === stream)?.gaps ?? [];
      this.#held.set(stream, { of: picture, table: PictureTable.of(stream, parts, gaps, story.entries) });
    }
    return new Map([...this.#held].map(([stream, { table }]) => [stream, table]));
  }
}

function isAlike(a: ReplayPicture, b: ReplayPicture): boolean {
  return a.frames === b.frames && a.last === b.last && a.wholeUntil === b.wholeUntil;
}
