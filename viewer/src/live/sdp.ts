// What a media connection needs to read in session descriptions.
//
// Pure text in, text out: the parts of an ICE restart that travel in `PATCH` bodies (RFC 8840 trickle fragments, RFC
// 9725 §4.3.2). Our own offer is never rewritten. Called by `media-line.ts`.
// Invariant: what is not understood comes out as null, and the caller starts a fresh session instead.

/** RTP header extension that lets the browser show frames at once (decision record 0008). */
export const PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

export type IceCredentials = { readonly ufrag: string; readonly password: string };

export function offersPlayoutDelay(sdp: string): boolean {
  return lines(sdp).some((line) => line.startsWith("a=extmap:") && line.endsWith(PLAYOUT_DELAY_URI));
}

export function credentials(sdp: string): IceCredentials | null {
  const ufrag = value(sdp, "a=ice-ufrag:");
  const password = value(sdp, "a=ice-pwd:");
  return ufrag === null || password === null ? null : { ufrag, password };
}

/** The fragment that asks for an ICE restart with the credentials of a new local offer. */
export function restartFragment(offer: string): string | null {
  const ice = credentials(offer);
  const media = lines(offer).find((line) => line.startsWith("m="));
  const mid = value(offer, "a=mid:");
  if (ice === null || media === undefined || mid === null) return null;
  return [`a=ice-ufrag:${ice.ufrag}`, `a=ice-pwd:${ice.password}`, media, `a=mid:${mid}`, ""].join("\r\n");
}

/** The answer of before with the credentials and candidates that the relay sent for the restart. */
export function answerAfterRestart(answer: string, fragment: string): string | null {
  const ice = credentials(fragment);
  if (ice === null) return null;
  const candidates = lines(fragment).filter((line) => line.startsWith("a=candidate:"));
  const kept = lines(answer).filter(
    (line) => candidates.length === 0 || (!line.startsWith("a=candidate:") && line !== "a=end-of-candidates"),
  );
  const changed = kept.map((line) => {
    if (line.startsWith("a=ice-ufrag:")) return `a=ice-ufrag:${ice.ufrag}`;
    return line.startsWith("a=ice-pwd:") ? `a=ice-pwd:${ice.password}` : line;
  });
  // Candidates belong to the first media section, which carries the bundle.
  const firstMid = changed.findIndex((line) => line.startsWith("a=mid:"));
  if (candidates.length > 0 && firstMid >= 0) changed.splice(firstMid + 1, 0, ...candidates);
  return `${changed.join("\r\n")}\r\n`;
}

function value(sdp: string, prefix: string): string | null {
  const line = lines(sdp).find((candidate) => candidate.startsWith(prefix));
  return line === undefined ? null : line.slice(prefix.length);
}

function lines(sdp: string): string[] {
  return sdp.split(/\r\n|\n/).filter((line) => line !== "");
}
