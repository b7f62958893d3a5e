// Consults to choose one from: the newest first, and older ones when somebody asks for them.
//
// Owns what of the list is here. Called by the form of cases and by what stands beside a replay. Which are found is the relay's.

import { useEffect, useState } from "preact/hooks";
import { type ApiCode, ApiProblem } from "../net/http";
import { searchReplays } from "../replay/source";
import type { SessionId } from "../wire/ids";
import type { ReplaySummary } from "../wire/replay";

export type Consults = {
  /** Null until the first answer. */
  readonly consults: readonly ReplaySummary[] | null;
  /** There are older ones. */
  readonly more: boolean;
  readonly older: () => void;
  readonly trouble: ApiCode | null;
};

/** `isOver`: only those that are; `before`: opened before this moment. */
export function useConsults(session: SessionId, isOver: boolean, before: number | null = null): Consults {
  const [consults, setConsults] = useState<readonly ReplaySummary[] | null>(null);
  const [more, setMore] = useState(false);
  const [from, setFrom] = useState(before);
  const [trouble, setTrouble] = useState<ApiCode | null>(null);
  useEffect(() => setFrom(before), [before]);
  useEffect(() => {
    const closing = new AbortController();
    const asked = { view: "", finding: "", person: "", fromUs: null, beforeUs: from, isOver };
    searchReplays(session, asked, closing.signal).then(
      (found) => {
        setTrouble(null);
        setMore(found.more);
        setConsults((held) => (from === before ? found.consults : [...(held ?? []), ...found.consults]));
      },
      (cause: unknown) => {
        if (!closing.signal.aborted) setTrouble(cause instanceof ApiProblem ? cause.code : "internal");
      },
    );
    return () => closing.abort();
  }, [session, isOver, from]);
  const last = consults?.at(-1);
  return { consults, more, older: () => setFrom(last?.openedAt ?? before), trouble };
}
