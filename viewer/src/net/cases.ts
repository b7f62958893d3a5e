// Asks the relay about cases.
//
// Owns the addresses of the library. Called by the library's screen and its parts. Frames are compressed pictures; whoever asked
// for one lets it go.

import type { CaseAbout, CaseCover, CaseDrawn, CaseList, NewCase } from "../wire/case";
import type { ClipTable } from "../wire/clip";
import type { CaseId, SessionId } from "../wire/ids";
import { ask, askJson } from "./http";

export type CaseSearch = {
  readonly words: string;
  readonly view: string;
  readonly finding: string;
  readonly difficulty: string;
  readonly collection: string;
};

const CASES = "/api/v1/cases";

export function searchCases(session: SessionId, search: CaseSearch, signal: AbortSignal): Promise<CaseList> {
  const asked = Object.entries(search).filter(([, words]) => words.trim() !== "");
  return askJson(`${CASES}?${new URLSearchParams(asked)}`, { session, signal });
}

export function readCase(session: SessionId, which: CaseId, signal: AbortSignal): Promise<CaseAbout> {
  return askJson(`${CASES}/${which}`, { session, signal });
}

/** One case, as the person who has this session works on it. */
export class CaseDesk {
  constructor(
    readonly session: SessionId,
    readonly which: CaseId,
  ) {}

  looks(number: number, digest: string): Promise<CaseAbout> {
    return this.#change("POST", `/clips/${number}/looks`, { digest });
  }

  covers(number: number, cover: CaseCover): Promise<CaseAbout> {
    return this.#change("PUT", `/clips/${number}/cover`, cover);
  }

  publishes(): Promise<CaseAbout> {
    return askJson(`${CASES}/${this.which}/publication`, { method: "POST", session: this.session });
  }

  async withdraws(): Promise<void> {
    await ask(`${CASES}/${this.which}`, { method: "DELETE", session: this.session });
  }

  async frame(number: number, index: number, signal: AbortSignal): Promise<Blob> {
    const path = `${CASES}/${this.which}/clips/${number}/frames/${index}`;
    return (await ask(path, { session: this.session, signal })).blob();
  }

  /** When each frame stands. */
  table(number: number, signal: AbortSignal): Promise<ClipTable> {
    return askJson(`${CASES}/${this.which}/clips/${number}`, { session: this.session, signal });
  }

  /** What was drawn and measured on a clip. */
  drawn(number: number, signal: AbortSignal): Promise<CaseDrawn> {
    return askJson(`${CASES}/${this.which}/clips/${number}/drawn`, { session: this.session, signal });
  }

  collects(collections: readonly string[]): Promise<CaseAbout> {
    return this.#change("PUT", "/collections", { collections });
  }

  /** The browser saves a file that leaves: a plain link, so that it goes to the disk and not through the page's memory. */
  takes(number: number, file: "file" | "marks" | "measurements"): void {
    this.#save(`/clips/${number}/files/${file}`);
  }

  /** The same with all files of the case, as one archive. */
  takesAll(): void {
    this.#save("/export");
  }

  #save(path: string): void {
    const link = document.createElement("a");
    link.href = `${CASES}/${this.which}${path}?session=${encodeURIComponent(this.session)}`;
    // Named by the relay.
    link.download = "";
    link.click();
  }

  #change(method: "POST" | "PUT", path: string, body: unknown): Promise<CaseAbout> {
    return askJson(`${CASES}/${this.which}${path}`, { method, session: this.session }, body);
  }
}

export function makeCase(session: SessionId, made: NewCase): Promise<CaseAbout> {
  return askJson(CASES, { method: "POST", session }, made);
}
