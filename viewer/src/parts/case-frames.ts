// The frames of a case's clip as object URLs.
//
// Owns them and lets them go. The first ones come first, a few at a time, so that there is something to see at once.

import { useEffect, useState } from "preact/hooks";
import type { CaseDesk } from "../net/cases";

/** Frames that are asked for at the same time. */
const AT_ONCE = 4;

export type CaseFrames = {
  /** In order; none where one is still on its way. */
  readonly urls: readonly (string | null)[];
  /** Some will not come. */
  readonly failed: boolean;
};

export function useFrames(desk: CaseDesk, number: number, count: number, wanted: boolean): CaseFrames {
  const [urls, setUrls] = useState<readonly (string | null)[]>(() => Array<null>(count).fill(null));
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!wanted) return;
    const closing = new AbortController();
    const made: string[] = [];
    let next = 0;
    const take = async () => {
      while (next < count && !closing.signal.aborted) {
        const index = next;
        next += 1;
        const picture = await desk.frame(number, index, closing.signal);
        if (closing.signal.aborted) return;
        const url = URL.createObjectURL(picture);
        made.push(url);
        setUrls((held) => held.map((one, place) => (place === index ? url : one)));
      }
    };
    const fails = () => {
      if (!closing.signal.aborted) setFailed(true);
      closing.abort();
    };
    for (let lane = 0; lane < AT_ONCE; lane += 1) take().catch(fails);
    return () => {
      closing.abort();
      for (const url of made) URL.revokeObjectURL(url);
    };
  }, [desk, number, count, wanted]);
  return { urls, failed };
}
