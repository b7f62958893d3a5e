// Asks the relay over HTTP.
//
// Owns the session header, JSON in and out, and turning every failure into one `ApiProblem` with a stable code. The
// words for a code are the dictionaries'. Called by the session, the entry page and media connections.
// Invariant: nothing but this origin is ever asked, and no failure leaves here as anything else than `ApiProblem`.

import { PROBLEM_CODES, SESSION_HEADER } from "../wire/constants";
import type { SessionId } from "../wire/ids";
import type { Problem, ProblemCode } from "../wire/problem";

/** A problem of the relay, or that no relay answered. */
export type ApiCode = ProblemCode | "unreachable";

export class ApiProblem extends Error {
  readonly code: ApiCode;

  constructor(code: ApiCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "ApiProblem";
    this.code = code;
  }
}

/** Longest wait for an answer; a phone on a weak link needs some seconds, a dead link must not look like waiting. */
const ANSWER_TIMEOUT_MS = 10_000;
/** The same where a picture goes up first: as long as the relay takes one. */
const UPLOAD_TIMEOUT_MS = 30_000;

export type Request = {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly session?: SessionId | undefined;
  readonly body?: { readonly type: string; readonly text: string | Blob };
  readonly headers?: Readonly<Record<string, string>>;
  /** The page may be going away: let the request finish without it. */
  readonly keepalive?: boolean;
  /** How long the answer may take where it is known to take longer. */
  readonly waitMs?: number;
  /** Ends the request when nobody needs the answer any more. */
  readonly signal?: AbortSignal;
};

/** Sends a request and gives back an answer of the 200s; everything else is an `ApiProblem`. */
export async function ask(path: string, request: Request = {}): Promise<Response> {
  const headers = new Headers(request.headers);
  if (request.session !== undefined) headers.set(SESSION_HEADER, request.session);
  if (request.body !== undefined) headers.set("content-type", request.body.type);
  let response: Response;
  try {
    response = await fetch(path, {
      method: request.method ?? "GET",
      headers,
      body: request.body?.text ?? null,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      keepalive: request.keepalive ?? false,
      signal: AbortSignal.any([
        AbortSignal.timeout(
          request.waitMs ?? (request.body?.text instanceof Blob ? UPLOAD_TIMEOUT_MS : ANSWER_TIMEOUT_MS),
        ),
        ...(request.signal === undefined ? [] : [request.signal]),
      ]),
    });
  } catch (cause) {
    throw new ApiProblem("unreachable", String(cause));
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

/** Sends JSON, if any, and reads JSON. Wire types are trusted: they come from the relay that served this page. */
export async function askJson<T>(path: string, request: Request = {}, body?: unknown): Promise<T> {
  const response = await ask(
    path,
    body === undefined
      ? request
      : { ...request, body: { type: "application/json", text: JSON.stringify(body) } },
  );
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new ApiProblem("unreachable", `the answer is no JSON: ${String(cause)}`);
  }
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const code = PROBLEM_CODES.find((known) => known === problem?.code);
  if (code !== undefined) return new ApiProblem(code, problem?.title ?? "");
  // A proxy in between answers without our codes when the relay is away.
  return new ApiProblem(response.status >= 500 ? "unreachable" : "internal", `status ${response.status}`);
}
