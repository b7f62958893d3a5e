// Tries from this browser what a consult needs of a network: requests, the socket, and each way for media by itself.
//
// Framework-free. A way is tried by a voice connection that only listens: the door that a consult uses, so what is found is true of
// it, and nobody in the consult hears of it (decision record 0023). No microphone is asked for and no picture is taken. Called by
// the connection check's screen. Invariants: one connection at a time, and each is ended at the relay.

import { ApiProblem, ask } from "../net/http";
import { iceServers } from "../net/ice-servers";
import type { SessionGrant } from "../wire/http";

export type Level = "good" | "attention" | "bad";
export type Transport = "udp" | "tcp" | "turn";
/** What was found of one thing; figures in milliseconds, seconds of clocks apart. */
export type Found = {
  readonly what: "secure" | "relay" | "clock" | "socket" | Transport;
  readonly level: Level;
  /** Addresses and ports that a firewall has to let through. */
  readonly address: string;
  readonly ms: number | null;
  readonly roundTripMs: number | null;
  readonly apartS: number | null;
  /** The relay offers no such way. */
  readonly isOffered: boolean;
  /** The relay takes no more connections now, so nothing is known of this way. */
  readonly isBusy: boolean;
};

/** Requests whose times are compared; the quickest tells the way, the others the queue. */
const QUESTIONS = 5;
/** A live meeting feels this. */
const SLOW_MS = 300;
/** Second hands differ by one, and an answer takes its time. */
const CLOCK_GOOD_S = 3;
/** More than this and times contradict each other. */
const CLOCK_BAD_S = 60;
const SOCKET_MS = 5_000;
/** A way that takes longer is none for a picture. */
const CONNECT_MS = 6_000;

const NOTHING = { address: "", ms: null, roundTripMs: null, apartS: null, isOffered: true, isBusy: false };

/** Tries everything, one after the other, and tells each as it is known. */
export async function tryAll(grant: SessionGrant, tell: (found: Found) => void): Promise<void> {
  const { protocol, host, origin } = location;
  tell({ ...NOTHING, what: "secure", level: isSecureContext ? "good" : "bad", address: origin });
  for (const found of await askRelay(origin)) tell(found);
  const socket = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  const path = `/api/v1/consults/${grant.consult}/socket?session=${grant.session}`;
  const openedMs = await opens(`${socket}${path}`);
  tell({
    ...NOTHING,
    what: "socket",
    level: openedMs === null ? "bad" : "good",
    address: socket,
    ms: openedMs,
  });
  const udp = await tryWay(grant, "udp", null);
  tell(udp.found);
  tell((await tryWay(grant, "tcp", null)).found);
  for (const server of udp.servers) tell((await tryWay(grant, "turn", server)).found);
}

async function askRelay(address: string): Promise<readonly Found[]> {
  const times: number[] = [];
  let apartS: number | null = null;
  try {
    for (let question = 0; question < QUESTIONS; question += 1) {
      const asked = performance.now();
      const answer = await ask(question === 0 ? "/readyz" : "/healthz");
      times.push(performance.now() - asked);
      const date = Date.parse(answer.headers.get("date") ?? "");
      if (!Number.isNaN(date)) apartS = Math.round((Date.now() - date) / 1_000);
    }
  } catch {
    return [{ ...NOTHING, what: "relay", level: "bad", address }];
  }
  const ms = Math.min(...times);
  return [
    { ...NOTHING, what: "relay", level: ms <= SLOW_MS ? "good" : "attention", address, ms },
    { ...NOTHING, what: "clock", level: clockLevel(apartS), apartS },
  ];
}

function clockLevel(apartS: number | null): Level {
  if (apartS === null) return "attention";
  const apart = Math.abs(apartS);
  if (apart <= CLOCK_GOOD_S) return "good";
  return apart <= CLOCK_BAD_S ? "attention" : "bad";
}

/** How long a socket took to open. Nothing is said on it, so nobody joins. */
function opens(url: string): Promise<number | null> {
  const asked = performance.now();
  return new Promise((done) => {
    const socket = new WebSocket(url);
    const end = (opened: boolean) => {
      clearTimeout(timer);
      socket.onopen = socket.onerror = socket.onclose = null;
      socket.close();
      done(opened ? performance.now() - asked : null);
    };
    const timer = setTimeout(() => end(false), SOCKET_MS);
    socket.onopen = () => end(true);
    socket.onerror = socket.onclose = () => end(false);
  });
}

type Tried = { readonly found: Found; readonly servers: readonly RTCIceServer[] };

async function tryWay(grant: SessionGrant, what: Transport, server: RTCIceServer | null): Promise<Tried> {
  const named = server === null ? "" : `${server.urls}`;
  const failed: Found = { ...NOTHING, what, level: "bad", address: named };
  const peer = new RTCPeerConnection(
    server === null ? {} : { iceServers: [server], iceTransportPolicy: "relay" },
  );
  let resource: string | null = null;
  try {
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    const response = await ask(`/api/v1/consults/${grant.consult}/voice`, {
      method: "POST",
      session: grant.session,
      body: { type: "application/sdp", text: peer.localDescription?.sdp ?? "" },
    });
    resource = response.headers.get("location");
    const servers = iceServers(response.headers);
    const answer = await response.text();
    // A TURN server sends over UDP.
    const over = what === "tcp" ? "tcp" : "udp";
    const offered = addresses(answer, over);
    const address = server === null ? offered.join(", ") : named;
    if (offered.length === 0) return { found: { ...failed, address, isOffered: false }, servers };
    const asked = performance.now();
    await peer.setRemoteDescription({ type: "answer", sdp: onlyOver(answer, over) });
    const connected = await connects(peer);
    const found: Found = connected
      ? {
          ...NOTHING,
          what,
          level: "good",
          address,
          ms: performance.now() - asked,
          roundTripMs: await roundTrip(peer),
        }
      : { ...failed, address };
    return { found, servers };
  } catch (problem) {
    return { found: isBusy(problem) ? { ...failed, level: "attention", isBusy: true } : failed, servers: [] };
  } finally {
    peer.close();
    if (resource !== null) {
      await ask(resource, { method: "DELETE", session: grant.session }).catch(() => undefined);
    }
  }
}

/** A refusal says nothing of the network. */
export function isBusy(problem: unknown): boolean {
  return problem instanceof ApiProblem && (problem.code === "tooFast" || problem.code === "tooMany");
}

function connects(peer: RTCPeerConnection): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), CONNECT_MS);
    const look = () => {
      const { connectionState } = peer;
      if (connectionState !== "connected" && connectionState !== "failed") return;
      clearTimeout(timer);
      done(connectionState === "connected");
    };
    peer.onconnectionstatechange = look;
    look();
  });
}

/** Of the checks of ICE on the way that media takes. */
async function roundTrip(peer: RTCPeerConnection): Promise<number | null> {
  let seconds: number | null = null;
  (await peer.getStats()).forEach((entry: RTCIceCandidatePairStats) => {
    if (entry.type !== "candidate-pair" || entry.state !== "succeeded") return;
    seconds = entry.currentRoundTripTime ?? seconds;
  });
  return seconds === null ? null : seconds * 1_000;
}

/** RFC 8839 §5.1: foundation, component, transport, priority, address, port. */
const CANDIDATE = /^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) /;

/** An answer with the candidates of one transport only. */
export function onlyOver(answer: string, transport: "udp" | "tcp"): string {
  const kept = answer.split(/\r\n|\n/).filter((line) => {
    const found = CANDIDATE.exec(line);
    return line !== "" && (found === null || found[1]?.toLowerCase() === transport);
  });
  return `${kept.join("\r\n")}\r\n`;
}

/** Where the relay takes media over a transport, each once. */
export function addresses(answer: string, transport: "udp" | "tcp"): string[] {
  const named = answer.split(/\r\n|\n/).flatMap((line) => {
    const [, over, ip, port] = CANDIDATE.exec(line) ?? [];
    if (over?.toLowerCase() !== transport || ip === undefined) return [];
    return [ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`];
  });
  return [...new Set(named)];
}
