// Says the relay what a file is and brings its parts.
//
// Owns the headers of such a request (draft-ietf-httpbis-resumable-upload, RFC 9530). Called by `files/bringing.ts`. An answer
// holds a word whatever its status; what holds none is an `ApiProblem`.

import type { ClipToAgent } from "../wire/clip";
import {
  FILE_WRITTEN,
  PARTIAL_UPLOAD,
  REPR_DIGEST,
  SESSION_HEADER,
  UPLOAD_LENGTH,
  UPLOAD_OFFSET,
} from "../wire/constants";
import type { ClipId, ConsultId, SessionId } from "../wire/ids";
import { ApiProblem, problemOf } from "./http";

/** The relay reads a part within 90 s, and a whole clip is looked at within another 40. */
const ANSWER_TIMEOUT_MS = 150_000;

/** A file, as a request names it. */
export type Named = {
  readonly clip: ClipId;
  /** SHA-256 in base64. */
  readonly digest: string;
  readonly bytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly written: number;
};

export type Uploads = {
  /** What is here of it already. */
  offer(file: Named): Promise<ClipToAgent>;
  /** Brings a part of it. */
  part(file: Named, offset: number, bytes: Blob): Promise<ClipToAgent>;
};

export function uploadsTo(consult: ConsultId, session: SessionId, stop: AbortSignal): Uploads {
  const say = async (file: Named, more: RequestInit & { readonly headers?: Record<string, string> }) => {
    let response: Response;
    try {
      response = await fetch(`/api/v1/consults/${consult}/clips/${file.clip}/upload`, {
        ...more,
        headers: {
          ...more.headers,
          [SESSION_HEADER]: session,
          [UPLOAD_LENGTH]: String(file.bytes),
          [REPR_DIGEST]: `sha-256=:${file.digest}:`,
          [FILE_WRITTEN]: String(file.written),
        },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.any([stop, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      });
    } catch (cause) {
      throw new ApiProblem("unreachable", String(cause));
    }
    const word = (await response
      .clone()
      .json()
      .catch(() => null)) as ClipToAgent | null;
    if (word !== null && typeof word.type === "string" && "clip" in word) return word;
    throw await problemOf(response);
  };
  return {
    offer: (file) => say(file, { method: "PUT" }),
    part: (file, offset, bytes) =>
      say(file, {
        method: "PATCH",
        headers: { "content-type": PARTIAL_UPLOAD, [UPLOAD_OFFSET]: String(offset) },
        body: bytes,
      }),
  };
}
