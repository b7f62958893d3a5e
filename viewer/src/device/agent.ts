// Asks the capture agent on this device.
//
// Owns JSON in and out, the exchange of the key for a cookie, and turning every failure into one `Fault` with a stable code.
// Invariant: nothing but this origin is ever asked; the key leaves the address before anything else happens.

import { FILE_WRITTEN, MAX_CLIP_BYTES } from "../wire/constants";
import type { DeviceFault, DeviceFile, DeviceProblem } from "../wire/device";

export type FaultCode = DeviceFault | "unreachable";

export class Fault extends Error {
  readonly code: FaultCode;
  /** More, in the agent's own words; may be empty. */
  readonly detail: string;

  constructor(code: FaultCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "Fault";
    this.code = code;
    this.detail = detail;
  }
}

/** The agent is on this device: it answers at once or not at all. */
const ANSWER_TIMEOUT_MS = 5_000;
const OK = 200;

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** An answer of the 200s; everything else is a `Fault`. Only what the agent has to ask others for takes longer. */
export async function ask(
  method: Method,
  path: string,
  body?: object,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Response> {
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
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new Fault("unreachable", String(cause));
  }
  if (response.ok) return response;
  throw await faultOf(response);
}

/**
 * Puts a file on this device; tells how much of it went. Only `XMLHttpRequest` tells that. The answer comes once it is safe, which
 * takes as long as the disk does, so nothing here ends it early.
 */
export function putFile(file: File, told: (sent: number) => void): Promise<DeviceFile> {
  if (file.size > MAX_CLIP_BYTES) return Promise.reject(new Fault("fileTooLarge", ""));
  return new Promise((done, refused) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/files");
    request.responseType = "json";
    request.setRequestHeader("content-type", "application/dicom");
    request.setRequestHeader(FILE_WRITTEN, String(file.lastModified));
    request.upload.onprogress = ({ loaded }) => told(loaded);
    request.onload = () => {
      if (request.status === OK) return done(request.response as DeviceFile);
      const problem = request.response as DeviceProblem | null;
      refused(new Fault(problem?.code ?? "internal", problem?.detail ?? String(request.status)));
    };
    // Also a card that was pulled out: the browser does not say which.
    request.onerror = () => refused(new Fault("unreachable", "no answer"));
    request.send(file);
  });
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
