// The TURN servers that the relay names in the `Link` fields of its answers (RFC 9725 §4.6).
//
// Text in, servers out. What is not understood is left out, because another way may be left. Called by `media-line.ts` and the
// connection check. Invariant: credentials go into the browser's connection and nowhere else.

/** More are no help to anybody. */
const MOST_SERVERS = 8;

export function iceServers(headers: Headers): RTCIceServer[] {
  return links(headers.get("link") ?? "")
    .map(server)
    .filter((one) => one !== null)
    .slice(0, MOST_SERVERS);
}

/** A comma between two links stands outside quotes (RFC 8288 §3). */
function links(field: string): string[] {
  return field.match(/<[^>]*>(?:"[^"]*"|[^",])*/g) ?? [];
}

function server(link: string): RTCIceServer | null {
  const address = /^<([^>]*)>/.exec(link)?.[1] ?? "";
  const username = parameter(link, "username");
  const credential = parameter(link, "credential");
  if (parameter(link, "rel") !== "ice-server" || !/^turns?:/.test(address)) return null;
  return username === null || credential === null ? null : { urls: address, username, credential };
}

function parameter(link: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;,]+))`, "i").exec(link);
  return found?.[1] ?? found?.[2] ?? null;
}
