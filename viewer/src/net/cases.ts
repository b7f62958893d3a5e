// Asks the relay about cases.
//
// Owns the addresses of the library. Called by the library's screen and its parts. Frames are compressed pictures; whoever asked
// for one lets it go.

import type { CaseAbout, CaseCover, CaseDrawn, CaseList, CaseLog, CaseSources, NewCase } from "../wire/case";
import type { ClipHead, ClipTable } from "../wire/clip";
import type { CaseId, ClipId, ConsultId, SessionId } from "../wire/ids";
import { ask, askJson, type Request } from "./http";

export type CaseSearch = {
  readonly words: string;
  readonly view: string;
  readonly finding: string;
  readonly difficulty: string;
  readonly collection: string;
};

const CASES = "/api/v1/cases";
const SOURCES = "/api/v1/case-sources";
/** A case is made in some seconds a clip, one case at a time. */
const MAKING_MS = 15 * 60 * 1_000;
/** A picture of a video is decoded when it is asked for. */
const DECODED_MS = 60 * 1_000;

export function searchCases(session: SessionId, search: CaseSearch, signal: AbortSignal): Promise<CaseList> {
  const asked = Object.entries(search).filter(([, words]) => words.trim() !== "");
  return askJson(`${CASES}?${new URLSearchParams(asked)}`, { session, signal });
}

export function readCase(session: SessionId, which: CaseId, signal: AbortSignal): Promise<CaseAbout> {
  return askJson(`${CASES}/${which}`, { session, signal });
}

/** The clips of a consult that is over, to choose from. */
export async function readSources(
  session: SessionId,
  consult: ConsultId,
  signal: AbortSignal,
): Promise<readonly ClipHead[]> {
  const { clips } = await askJson<CaseSources>(`${SOURCES}/${consult}`, { session, signal });
  return clips;
}

/** A frame near the middle of such a clip. */
export async function sourcePicture(
  session: SessionId,
  consult: ConsultId,
  clip: ClipId,
  signal: AbortSignal,
): Promise<Blob> {
  return (
    await ask(`${SOURCES}/${consult}/clips/${clip}/picture`, { session, signal, waitMs: DECODED_MS })
  ).blob();
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

  /** The same with what was typed for the case. */
  looksAtTyped(digest: string): Promise<CaseAbout> {
    return this.#change("POST", "/looks", { digest });
  }

  covers(number: number, cover: CaseCover): Promise<CaseAbout> {
    return this.#change("PUT", `/clips/${number}/cover`, cover, { waitMs: MAKING_MS });
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

  /** How the consult went around a clip. */
  log(number: number, signal: AbortSignal): Promise<CaseLog> {
    return askJson(`${CASES}/${this.which}/clips/${number}/log`, { session: this.session, signal });
  }

  /** `looked`: names that are new to the case tell nobody's identity. */
  collects(collections: readonly string[], looked: boolean): Promise<CaseAbout> {
    return this.#change("PUT", "/collections", { collections, looked });
  }

  /** What a clip is made of, to draw on it what stays; only of a draft. */
  async source(number: number, signal: AbortSignal): Promise<Blob> {
    const path = `${CASES}/${this.which}/clips/${number}/source`;
    return (await ask(path, { session: this.session, signal, waitMs: DECODED_MS })).blob();
  }

  /** The browser saves a file that leaves: a plain link, so that it goes to the disk and not through the page's memory. */
  takes(number: number, file: "file" | "marks" | "measurements" | "log"): void {
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

  #change(method: "POST" | "PUT", path: string, body: unknown, more: Request = {}): Promise<CaseAbout> {
    return askJson(`${CASES}/${this.which}${path}`, { method, session: this.session, ...more }, body);
  }
}

export function makeCase(session: SessionId, made: NewCase): Promise<CaseAbout> {
  return askJson(CASES, { method: "POST", session, waitMs: MAKING_MS }, made);
}
