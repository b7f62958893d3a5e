// Asks the capture agent on this device.
//
// Owns JSON in and out, the exchange of the key for a cookie, and turning every failure into one `Fault` with a stable code.
// Invariant: nothing but this origin is ever asked; the key leaves the address before anything else happens.

import type { DeviceFault, DeviceProblem } from "../wire/device";

export type FaultCode = DeviceFault | "unreachable";

export class Fault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "Fault";
    this.code = code;
  }
}

/** The agent is on this device: it answers at once or not at all. */
const ANSWER_TIMEOUT_MS = 5_000;

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** An answer of the 200s; everything else is a `Fault`. */
export async function ask(method: Method, path: string, body?: object): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new Fault("unreachable", String(cause));
  }
  if (response.ok) return response;
  throw await faultOf(response);
}

async function faultOf(response: Response): Promise<Fault> {
  try {
    const problem = (await response.json()) as DeviceProblem;
    return new Fault(problem.code, problem.detail);
  } catch {
    return new Fault("internal", String(response.status));
  }
}

/** Takes the key out of the address, if it came with one, and shows it to the agent. */
export async function enter(): Promise<void> {
  const key = /^#key=([0-9a-f]+)$/.exec(location.hash)?.[1];
  if (key === undefined) return;
  history.replaceState(null, "", location.pathname);
  await ask("POST", "session", { key });
}
