// Where pointers were at a moment, by the thinned track that is kept beside recorded voices.
//
// Pure. Called by `player.ts`. Invariant: a pointer stands where it moved last, and only while the consent stands under which that was
// kept: what is not kept is not known.

import type { SessionId } from "../wire/ids";
import type { Point } from "../wire/mark";
import type { ReplayMove } from "../wire/replay";
import { lastNotAbove } from "./table";

export type Pointing = { readonly session: SessionId; readonly at: Point };

type Moves = { readonly atUs: readonly number[]; readonly places: readonly (Point | null)[] };

export class PointerTrack {
  readonly #of = new Map<SessionId, Moves>();

  constructor(readonly moves: readonly ReplayMove[]) {
    const of = new Map<SessionId, { atUs: number[]; places: (Point | null)[] }>();
    for (const { at, session, place } of moves) {
      const held = of.get(session) ?? { atUs: [], places: [] };
      held.atUs.push(at);
      held.places.push(place);
      of.set(session, held);
    }
    this.#of = of;
  }

  /** Who points where; moves from before `since` are of an earlier consent. */
  at(us: number, since: number): Pointing[] {
    const pointing: Pointing[] = [];
    for (const [session, { atUs, places }] of this.#of) {
      const last = lastNotAbove(atUs, us);
      const at = places[last] ?? null;
      if (at !== null && (atUs[last] ?? 0) >= since) pointing.push({ session, at });
    }
    return pointing;
  }

  /** From where on a part that was asked for anew takes the place of what was held. */
  get end(): number {
    return this.moves.at(-1)?.at ?? 0;
  }

  /** With a part that begins at `from`. */
  with(part: readonly ReplayMove[], from: number): PointerTrack {
    return new PointerTrack([...this.moves.filter(({ at }) => at < from), ...part]);
  }
}
