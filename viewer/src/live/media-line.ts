// One media connection to the relay, kept up: the picture of a consult by WHEP (draft-ietf-wish-whep), or its voices.
//
// Owns the peer connection, its session at the relay and every way back: ICE restart when the network changed, a
// fresh session when that does not help, back-off when the relay is away. The relay is ICE-lite with its candidates in
// the answer and learns ours from the checks, so the offer is sent without waiting for gathering. What is offered and what
// comes of it is the host's. Called by `picture.ts` and `voice/talk.ts`. Invariant: one peer connection at a time; a closed
// line never starts anything again.

import { Backoff } from "../net/backoff";
import { ApiProblem, ask } from "../net/http";
import type { SessionId } from "../wire/ids";
import type { ProblemCode } from "../wire/problem";
import type { Offer } from "./offer";
import { answerAfterRestart, restartFragment } from "./sdp";

const SHORTEST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_500;
/** While nobody publishes, ask this often; the consult's flow messages make it ask at once. */
const NO_PICTURE_RETRY_MS = 2_000;
/** A link that hiccups mends itself within this. */
const DISCONNECTED_GRACE_MS = 1_000;
/** A connection, fresh or restarted, that is not up by now gets replaced. */
const CONNECT_TIMEOUT_MS = 5_000;
/** UDP and TCP have this long before a TURN server is asked, where the relay names one: most networks never need it. */
const DIRECT_MS = 1_500;
/** An ICE restart whose answer is not here by now was asked for in a cut: the way may be back for the next one. */
const RESTART_ANSWER_MS = 3_000;
/** After so many without an answer a fresh session is the better try. */
const RESTART_TRIES = 3;

export type LineState =
  | { readonly state: "connecting" }
  | { readonly state: "connected" }
  | { readonly state: "noPicture" }
  | { readonly state: "lost" }
  /** Asking again makes no sense until somebody changes something. */
  | { readonly state: "refused"; readonly code: ProblemCode };

export type LineHost = {
  /** Makes what is offered, anew for each connection. */
  readonly offer: () => Promise<Offer>;
  readonly onTrack: (event: RTCTrackEvent) => void;
  readonly onState: (state: LineState) => void;
  /** The connection goes, and in this moment still shows what came over it. */
  readonly onEnds?: () => void;
  /** Refusals that this host wants to hear of at once, beside those that time alone does not mend. */
  readonly isFinal?: (code: ProblemCode) => boolean;
};

/** Refusals that time alone does not mend. */
const FINAL: ReadonlySet<string> = new Set([
  "noEntry",
  "sessionExpired",
  "notAllowed",
  "wrongOrigin",
  "notFound",
  "codecUnsupported",
  "badSdp",
  "versionUnknown",
] satisfies ProblemCode[]);

export class MediaLine {
  readonly #backoff = new Backoff(SHORTEST_RETRY_MS, LONGEST_RETRY_MS);
  #peer: RTCPeerConnection | null = null;
  /** The session resource at the relay. */
  #resource: string | null = null;
  #answer = "";
  /** TURN servers of this session: each restart of ICE asks them beside the ways that there were. */
  #servers: RTCIceServer[] = [];
  #detour: ReturnType<typeof setTimeout> | undefined;
  /** The ICE restart that waits for the relay's answer. */
  #asking: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  /** Counts starts and ends, so that what an older one brings is known as late. */
  #attempt = 0;
  /** Whether the last offer carried playout-delay; for diagnostics. */
  playoutDelayOffered = false;

  constructor(
    readonly endpoint: string,
    readonly session: SessionId,
    readonly host: LineHost,
  ) {
    addEventListener("online", this.#networkChanged);
    connectionInfo()?.addEventListener("change", this.#networkChanged);
    void this.#start();
  }

  get peer(): RTCPeerConnection | null {
    return this.#peer;
  }

  receiver(): RTCRtpReceiver | null {
    return this.#peer?.getReceivers()[0] ?? null;
  }

  /** Begins again with a fresh session, now. */
  restart(): void {
    if (this.#closed) return;
    this.#tearDown();
    void this.#start();
  }

  /** Something suggests that asking again may work: a picture began, the relay came back. */
  nudge(): void {
    if (!this.#closed && this.#peer === null) this.restart();
  }

  /** The way may have changed or be back: what stands gets an ICE restart, what does not is tried anew at once. */
  hurry(): void {
    this.#networkChanged();
  }

  close(): void {
    this.#closed = true;
    removeEventListener("online", this.#networkChanged);
    connectionInfo()?.removeEventListener("change", this.#networkChanged);
    this.#tearDown();
  }

  async #start(): Promise<void> {
    clearTimeout(this.#retry);
    const attempt = ++this.#attempt;
    this.host.onState({ state: "connecting" });
    try {
      const { peer, sdp, playoutDelay } = await this.host.offer();
      if (attempt !== this.#attempt) {
        peer.close();
        return;
      }
      this.#peer = peer;
      this.playoutDelayOffered = playoutDelay;
      peer.ontrack = (event) => this.host.onTrack(event);
      peer.onconnectionstatechange = () => this.#connectionChanged(peer);
      this.#expectConnection(peer);
      await this.#exchange(peer, sdp);
    } catch (cause) {
      if (attempt === this.#attempt) this.#failed(cause);
    }
  }

  async #exchange(peer: RTCPeerConnection, offer: string): Promise<void> {
    const response = await ask(this.endpoint, {
      method: "POST",
      session: this.session,
      body: { type: "application/sdp", text: offer },
    });
    const answer = await response.text();
    const location = response.headers.get("location");
    if (peer !== this.#peer) {
      // Replaced or closed meanwhile: the relay should not keep a session that nobody watches.
      if (location !== null) this.#delete(location);
      return;
    }
    this.#resource = location;
    this.#answer = answer;
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
    // A page that cannot load this goes on trying without.
    if (response.headers.has("link")) this.#learnDetour(peer, response.headers).catch(() => undefined);
  }

  /** Seldom needed, so it is no part of the first page; loaded while there is a network, so that a restart has it at once. */
  async #learnDetour(peer: RTCPeerConnection, headers: Headers): Promise<void> {
    const { iceServers } = await import("../net/ice-servers");
    if (peer !== this.#peer) return;
    this.#servers = iceServers(headers);
    this.#detour = setTimeout(() => {
      if (peer.connectionState !== "connected") void this.#restartIce(peer);
    }, DIRECT_MS);
  }

  #connectionChanged(peer: RTCPeerConnection): void {
    if (peer !== this.#peer) return;
    switch (peer.connectionState) {
      case "connected":
        clearTimeout(this.#watch);
        clearTimeout(this.#detour);
        this.#backoff.succeeded();
        this.host.onState({ state: "connected" });
        break;
      case "disconnected":
        clearTimeout(this.#watch);
        this.#watch = setTimeout(() => void this.#restartIce(peer), DISCONNECTED_GRACE_MS);
        break;
      case "failed":
      case "closed":
        this.#again();
        break;
      default:
        break;
    }
  }

  #expectConnection(peer: RTCPeerConnection): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (peer === this.#peer && peer.connectionState !== "connected") this.#again();
    }, CONNECT_TIMEOUT_MS);
  }

  #failed(cause: unknown): void {
    const code = cause instanceof ApiProblem ? cause.code : "internal";
    if (code === "noPicture") {
      this.#tearDown();
      this.host.onState({ state: "noPicture" });
      this.#retry = setTimeout(() => void this.#start(), NO_PICTURE_RETRY_MS);
    } else if (code !== "unreachable" && (FINAL.has(code) || this.host.isFinal?.(code))) {
      this.#tearDown();
      this.host.onState({ state: "refused", code });
    } else {
      this.#again();
    }
  }

  /** A fresh session after a wait. */
  #again(): void {
    this.#tearDown();
    if (this.#closed) return;
    this.host.onState({ state: "lost" });
    this.#retry = setTimeout(() => void this.#start(), this.#backoff.next());
  }

  readonly #networkChanged = (): void => {
    const peer = this.#peer;
    if (peer === null) this.nudge();
    else if (peer.connectionState === "connected" || peer.connectionState === "disconnected") {
      void this.#restartIce(peer);
    }
  };

  /** An answer that does not come is asked for again; anything else unexpected makes a fresh session. */
  async #restartIce(peer: RTCPeerConnection): Promise<void> {
    const resource = this.#resource;
    if (peer !== this.#peer || resource === null) return;
    if (this.#asking !== null) {
      // It went out on a way that is over.
      this.#asking.abort();
      return;
    }
    if (peer.signalingState !== "stable") return;
    for (let tries = 1; peer === this.#peer; tries += 1) {
      const asking = new AbortController();
      const timer = setTimeout(() => asking.abort(), RESTART_ANSWER_MS);
      this.#asking = asking;
      try {
        await this.#exchangeRestart(peer, resource, asking.signal);
        return;
      } catch (cause) {
        const unreachable = cause instanceof ApiProblem && cause.code === "unreachable";
        const unanswered = unreachable || asking.signal.aborted;
        if (peer === this.#peer && !(unanswered && tries < RESTART_TRIES)) this.#again();
      } finally {
        clearTimeout(timer);
        if (this.#asking === asking) this.#asking = null;
      }
    }
  }

  /** RFC 9725 §4.3.2: new credentials by PATCH; the media session goes on. */
  async #exchangeRestart(peer: RTCPeerConnection, resource: string, signal: AbortSignal): Promise<void> {
    if (this.#servers.length > 0) {
      peer.setConfiguration({ ...peer.getConfiguration(), iceServers: this.#servers });
    }
    await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
    const fragment = restartFragment(peer.localDescription?.sdp ?? "");
    if (fragment === null) throw new Error("no ICE credentials in the own offer");
    const response = await ask(resource, {
      method: "PATCH",
      session: this.session,
      headers: { "if-match": "*" },
      body: { type: "application/trickle-ice-sdpfrag", text: fragment },
      signal,
    });
    const answer = answerAfterRestart(this.#answer, await response.text());
    if (peer !== this.#peer) return;
    if (answer === null) throw new Error("no ICE credentials in the relay's answer");
    this.#answer = answer;
    this.#expectConnection(peer);
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
  }

  #tearDown(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    clearTimeout(this.#detour);
    this.#servers = [];
    this.#attempt += 1;
    this.#asking?.abort();
    this.#asking = null;
    const peer = this.#peer;
    this.#peer = null;
    if (peer !== null) {
      peer.ontrack = peer.onconnectionstatechange = null;
      this.host.onEnds?.();
      peer.close();
    }
    if (this.#resource !== null) this.#delete(this.#resource);
    this.#resource = null;
  }

  #delete(resource: string): void {
    // Best effort: the relay ends silent sessions by itself.
    ask(resource, { method: "DELETE", session: this.session, keepalive: true }).catch(() => undefined);
  }
}

/** Network Information, Chromium only. */
function connectionInfo(): EventTarget | undefined {
  return (navigator as Navigator & { connection?: EventTarget }).connection;
}
