// Where a replay comes from: the relay, over HTTP.
//
// Owns the addresses, asking for what is longer than one answer in parts, and the coded frames that stay here. Called by `player.ts`.
// Invariant: it only ever reads; coded frames are kept under their moment, and at most `MAX_KEPT_BYTES` of them.

import { ask, askJson } from "../net/http";
import type { ConsultId, SessionId, StreamId } from "../wire/ids";
import type { LogEntry } from "../wire/log";
import type { Original } from "../wire/original";
import type {
  ReplayAbout,
  ReplayFrames,
  ReplayList,
  ReplayLog,
  ReplayMove,
  ReplayPointers,
} from "../wire/replay";
import type { PictureTable } from "./table";
import { type Packet, readPackets, readUnits, type Unit } from "./units";

/** Coded frames that stay: some minutes of a handheld's picture. */
const MAX_KEPT_BYTES = 48 * 1024 * 1024;
/** Frames asked for at once; the relay's answer may end earlier. */
const PAGE_FRAMES = 150;

export type ReplayPlace = { readonly consult: ConsultId; readonly session: SessionId };

export type Search = {
  readonly view: string;
  readonly finding: string;
  readonly person: string;
  readonly fromUs: number | null;
  readonly beforeUs: number | null;
  /** Only those that are over. */
  readonly isOver?: boolean;
};

export function searchReplays(session: SessionId, search: Search, signal: AbortSignal): Promise<ReplayList> {
  const query = new URLSearchParams();
  for (const name of ["view", "finding", "person"] as const)
    if (search[name].trim() !== "") query.set(name, search[name].trim());
  if (search.fromUs !== null) query.set("from", String(search.fromUs));
  if (search.beforeUs !== null) query.set("before", String(search.beforeUs));
  if (search.isOver === true) query.set("over", "true");
  return askJson<ReplayList>(`/api/v1/replays?${query}`, { session, signal });
}

export class ReplaySource {
  readonly #path: string;

  constructor(
    readonly place: ReplayPlace,
    readonly signal: AbortSignal,
  ) {
    this.#path = `/api/v1/replays/${place.consult}`;
  }

  about(): Promise<ReplayAbout> {
    return askJson<ReplayAbout>(this.#path, this.#request);
  }

  /** Entries of the log after this one. */
  async log(after: number): Promise<LogEntry[]> {
    const all: LogEntry[] = [];
    for (let held = after; ; ) {
      const { entries, head } = await askJson<ReplayLog>(`${this.#path}/log?after=${held}`, this.#request);
      all.push(...entries);
      const last = entries.at(-1);
      if (last === undefined || last.seq >= head) return all;
      held = last.seq;
    }
  }

  /** All parts of a frame table. */
  async frames(stream: StreamId): Promise<ReplayFrames[]> {
    const parts: ReplayFrames[] = [];
    for (let from: number | null = 0; from !== null; ) {
      const part: ReplayFrames = await askJson<ReplayFrames>(
        `${this.#path}/pictures/${stream}?from=${from}`,
        this.#request,
      );
      parts.push(part);
      from = part.next;
    }
    return parts;
  }

  async units(stream: StreamId, from: number, until: number): Promise<Unit[]> {
    const path = `${this.#path}/pictures/${stream}/units?from=${from}&until=${until}`;
    return readUnits(await (await ask(path, this.#request)).arrayBuffer());
  }

  async voice(track: string, fromUs: number): Promise<Packet[]> {
    const path = `${this.#path}/voices/${track}?from=${Math.max(0, Math.floor(fromUs))}`;
    return readPackets(await (await ask(path, this.#request)).arrayBuffer());
  }

  /** Moves of pointers from this moment on. */
  async pointers(fromUs: number): Promise<ReplayMove[]> {
    const moves: ReplayMove[] = [];
    for (let from: number | null = fromUs; from !== null; ) {
      const part: ReplayPointers = await askJson<ReplayPointers>(
        `${this.#path}/pointers?from=${from}`,
        this.#request,
      );
      moves.push(...part.moves);
      from = part.next;
    }
    return moves;
  }

  /** The PNG of an original. */
  async original({ blob }: Original): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await ask(`${this.#path}/blobs/${blob}`, this.#request);
    return new Uint8Array(await answer.arrayBuffer());
  }

  get #request() {
    return { session: this.place.session, signal: this.signal };
  }
}

/** Whether this is the frame that the table speaks of: what was filled in since is another one. */
function isOf(table: PictureTable, index: number, { bytes, isFilled }: Unit): boolean {
  if (isFilled !== (table.isFilled[index] === 1)) return false;
  return bytes === null || bytes.length === table.sizes[index];
}

type Fetch = { readonly from: number; readonly until: number; readonly done: Promise<void> };

/** The coded frames of one recorded picture. */
export class UnitShelf {
  /** In the order of use, the longest unused first. */
  readonly #kept = new Map<number, Unit>();
  #keptBytes = 0;
  #fetches: Fetch[] = [];

  constructor(
    readonly source: Pick<ReplaySource, "units">,
    readonly stream: StreamId,
  ) {}

  /** A coded frame; the ones after it come along. Null when the relay has another one by now: then the table is of before. */
  async unit(table: PictureTable, index: number): Promise<Unit | null> {
    const tick = table.ticks[index] ?? 0;
    // Two answers at most: the one that is under way, and one that begins with this frame.
    for (let round = 0; round < 3; round += 1) {
      const held = this.#kept.get(tick);
      // What was here before may be of an older table; what just came is not.
      if (held !== undefined && round > 0 && !isOf(table, index, held)) return null;
      if (held !== undefined && isOf(table, index, held)) {
        this.#kept.delete(tick);
        this.#kept.set(tick, held);
        this.#fetchAhead(table, index);
        return held;
      }
      await (this.#under(tick) ?? this.#fetch(table, index)).done;
    }
    return null;
  }

  /** Nobody looks at it: what is here goes. */
  rest(): void {
    this.#kept.clear();
    this.#keptBytes = 0;
  }

  #under(tick: number): Fetch | undefined {
    return this.#fetches.find(({ from, until }) => from <= tick && tick <= until);
  }

  /** What will be wanted soon. */
  #fetchAhead(table: PictureTable, index: number): void {
    if (index % (PAGE_FRAMES / 3) !== 0) return;
    const ahead = Math.min(index + PAGE_FRAMES / 2, table.count - 1);
    const tick = table.ticks[ahead] ?? 0;
    if (this.#kept.has(tick) || this.#under(tick) !== undefined) return;
    // Whoever comes to it asks again and hears what was wrong.
    this.#fetch(table, ahead).done.catch(() => undefined);
  }

  #fetch(table: PictureTable, index: number): Fetch {
    const from = table.ticks[index] ?? 0;
    const until = table.ticks[Math.min(index + PAGE_FRAMES, table.count) - 1] ?? from;
    const done = this.source.units(this.stream, from, until).then((units) => {
      for (const unit of units) this.#keep(unit);
    });
    const fetch = { from, until, done };
    this.#fetches.push(fetch);
    const over = () => {
      this.#fetches = this.#fetches.filter((other) => other !== fetch);
    };
    done.then(over, over);
    return fetch;
  }

  #keep(unit: Unit): void {
    this.#drop(unit.tick);
    this.#kept.set(unit.tick, unit);
    this.#keptBytes += unit.bytes?.length ?? 0;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) return;
      this.#drop(oldest);
    }
  }

  #drop(tick: number): void {
    this.#keptBytes -= this.#kept.get(tick)?.bytes?.length ?? 0;
    this.#kept.delete(tick);
  }
}
