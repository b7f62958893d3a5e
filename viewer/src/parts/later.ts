// Brings a part when it is needed, so that the first page does not carry it.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export type Loaded<P> = {
  readonly part: ComponentType<P> | null;
  readonly failed: boolean;
  readonly retry: () => void;
};

export function useLater<P>(load: () => Promise<ComponentType<P>>, isNeeded: boolean): Loaded<P> {
  const [part, setPart] = useState<ComponentType<P> | null>(null);
  const [failed, setFailed] = useState(false);
  const isMissing = isNeeded && part === null && !failed;
  useEffect(() => {
    if (!isMissing) return;
    load().then(
      (loaded) => setPart(() => loaded),
      () => setFailed(true),
    );
  }, [isMissing]);
  return { part, failed, retry: () => setFailed(false) };
}
