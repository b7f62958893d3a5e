// The frames of a case's clip as object URLs: those that are wanted and some more, never all of a long one.
//
// Owns asking for each, a few at a time and the nearest first, and letting them go. Called by the player. Invariants: what is held is
// bounded, however long the clip is; a frame that did not come is asked for again only when a person says so.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { CaseDesk } from "../net/cases";

/** Frames that are asked for at the same time. */
const AT_ONCE = 4;
/** Frames that stay: a clip of some seconds stays whole. */
export const MAX_HELD = 240;
/** The same in bytes, for large pictures. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

type Held = { readonly url: string; readonly bytes: number };

export class CaseFrames {
  /** In the order of use, the longest unused first. */
  readonly #held = new Map<number, Held>();
  #bytes = 0;
  readonly #coming = new Set<number>();
  readonly #failed = new Set<number>();
  #wanted: readonly number[] = [];
  #closing = new AbortController();

  constructor(
    readonly fetch: (index: number, signal: AbortSignal) => Promise<Blob>,
    readonly onChange: () => void,
  ) {}

  /** Null while it is on its way. */
  url(index: number): string | null {
    return this.#held.get(index)?.url ?? null;
  }

  /** Some that are wanted did not come. */
  get failed(): boolean {
    return this.#wanted.some((index) => this.#failed.has(index));
  }

  /** The most urgent first; what is not among them may go. */
  want(indices: readonly number[]): void {
    this.#wanted = indices.slice(0, MAX_HELD);
    for (const index of this.#wanted) {
      const held = this.#held.get(index);
      if (held === undefined) continue;
      this.#held.delete(index);
      this.#held.set(index, held);
    }
    this.#go();
  }

  retry(): void {
    this.#failed.clear();
    this.onChange();
    this.#go();
  }

  /** Nobody is near any more: all of it goes, and comes again when it is wanted. */
  letGo(): void {
    this.#closing.abort();
    this.#closing = new AbortController();
    this.#wanted = [];
    this.#coming.clear();
    for (const index of [...this.#held.keys()]) this.#drop(index);
  }

  #go(): void {
    for (const index of this.#wanted) {
      if (this.#coming.size >= AT_ONCE) return;
      if (this.#held.has(index) || this.#coming.has(index) || this.#failed.has(index)) continue;
      void this.#take(index);
    }
  }

  async #take(index: number): Promise<void> {
    const { signal } = this.#closing;
    this.#coming.add(index);
    try {
      const picture = await this.fetch(index, signal);
      if (signal.aborted) return;
      this.#keep(index, picture);
    } catch {
      if (signal.aborted) return;
      this.#failed.add(index);
    }
    this.#coming.delete(index);
    this.onChange();
    this.#go();
  }

  #keep(index: number, picture: Blob): void {
    this.#held.set(index, { url: URL.createObjectURL(picture), bytes: picture.size });
    this.#bytes += picture.size;
    const wanted = new Set(this.#wanted);
    for (const oldest of [...this.#held.keys()]) {
      if (this.#held.size <= MAX_HELD && this.#bytes <= MAX_HELD_BYTES) return;
      // What is on the screen stays, however large it is.
      if (!wanted.has(oldest)) this.#drop(oldest);
    }
  }

  #drop(index: number): void {
    const held = this.#held.get(index);
    if (held === undefined) return;
    URL.revokeObjectURL(held.url);
    this.#bytes -= held.bytes;
    this.#held.delete(index);
  }
}

/** The frames of one clip, for as long as its part stands on the page; `near` says whether somebody is there. */
export function useFrames(desk: CaseDesk, number: number, near: boolean): CaseFrames {
  const [, setChanges] = useState(0);
  const frames = useMemo(
    () =>
      new CaseFrames(
        (index, signal) => desk.frame(number, index, signal),
        () => setChanges((changes) => changes + 1),
      ),
    [desk, number],
  );
  useEffect(() => {
    if (!near) frames.letGo();
  }, [frames, near]);
  useEffect(() => () => frames.letGo(), [frames]);
  return frames;
}
