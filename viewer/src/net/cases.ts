// Asks the relay about cases.
//
// Owns the addresses of the library. Called by the library's screen and its parts. Frames are compressed pictures; whoever asked
// for one lets it go.

import type { CaseAbout, CaseCover, CaseList, NewCase } from "../wire/case";
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

  /** A file that leaves, saved by the browser. */
  async file(number: number, file: "file" | "marks" | "measurements"): Promise<Blob> {
    const path = `${CASES}/${this.which}/clips/${number}/files/${file}`;
    return (await ask(path, { session: this.session })).blob();
  }

  #change(method: "POST" | "PUT", path: string, body: unknown): Promise<CaseAbout> {
    return askJson(`${CASES}/${this.which}${path}`, { method, session: this.session }, body);
  }
}

export function makeCase(session: SessionId, made: NewCase): Promise<CaseAbout> {
  return askJson(CASES, { method: "POST", session }, made);
}
