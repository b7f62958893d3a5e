// The consult socket of one page.
//
// Owns connecting, saying hello with what the page already holds, keeping the relay's clock, noticing a dead link and
// coming back. It does not know what the messages mean: that is the consult's. Called by `live/consult.ts`.
// Invariant: one socket at a time, hello is its first message, and after a loss it tries for ever unless the relay
// said that there is no way back.

import { WIRE_VERSION } from "../wire/constants";
import type { ConsultId, Seq, SessionId } from "../wire/ids";
import type { Page } from "../wire/people";
import type { ProblemCode } from "../wire/problem";
import type { FromRelay, ToRelay } from "../wire/socket";
import { Backoff } from "./backoff";
import type { RelayClock } from "./clock";

/** A tablet that comes out of a lift should be back within a blink; a relay that restarts should not be stormed. */
const SHORTEST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 2_500;
/** Pings at the start of a connection are close together, so that image age is right from the first seconds. */
const FIRST_PINGS = 5;
const FIRST_PING_MS = 200;
const PING_MS = 2_000;
/** No word for this long, although a ping was due at least twice, means that the link is dead. */
const SILENCE_MS = 5_000;
/** A handshake that takes longer than this will not come. */
const OPENING_MS = 8_000;
/** Unanswered pings remembered. */
const MAX_OPEN_PINGS = 16;

/** How the link to the relay stands. */
export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "lost"; readonly since: number; readonly code: ProblemCode | null }
  /** The relay said that coming back makes no sense. */
  | { readonly state: "ended"; readonly code: ProblemCode };

export type SocketHost = {
  /** The last entry that the page holds, or null for a snapshot. */
  readonly afterSeq: () => Seq | null;
  readonly onMessage: (message: FromRelay) => void;
  readonly onLink: (link: Link) => void;
  /** After a handshake that failed: whether the session still stands; gives a code if it does not. */
  readonly checkEntry: () => Promise<ProblemCode | null>;
};

export class ConsultSocket {
  readonly #url: string;
  readonly #backoff = new Backoff(SHORTEST_RETRY_MS, LONGEST_RETRY_MS);
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;
  /** `performance.now` at which each unanswered ping was sent, by id. */
  #pings = new Map<number, number>();
  #nextPing = 1;
  #helloAt = 0;
  #heardAt = 0;
  #lostSince: number | null = null;
  #closed = false;

  constructor(
    consult: ConsultId,
    session: SessionId,
    readonly page: Page,
    readonly clock: RelayClock,
    readonly host: SocketHost,
  ) {
    const url = new URL(`/api/v1/consults/${consult}/socket`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // A browser cannot set headers on a WebSocket. The handle is no secret; the cookie that it names is.
    url.searchParams.set("session", session);
    this.#url = url.href;
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#open();
  }

  /** Sends if the socket is open; says whether it did. */
  send(message: ToRelay): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Drops the socket and comes back, for example when entries are missing. */
  restart(): void {
    this.#drop(null);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#beat);
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#detach()?.close(1000);
  }

  #open(): void {
    if (this.#closed) return;
    this.#pings.clear();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    const openingTimer = setTimeout(() => this.#failed(socket), OPENING_MS);
    let opened = false;
    socket.onopen = () => {
      clearTimeout(openingTimer);
      opened = true;
      this.#helloAt = this.#heardAt = performance.now();
      this.send({ type: "hello", version: WIRE_VERSION, page: this.page, afterSeq: this.host.afterSeq() });
      this.#heartbeat(0);
    };
    socket.onmessage = (event: MessageEvent<unknown>) => this.#received(event.data);
    socket.onclose = () => {
      clearTimeout(openingTimer);
      if (socket !== this.#socket) return;
      if (opened) this.#drop(null);
      else this.#failed(socket);
    };
  }

  #received(data: unknown): void {
    this.#heardAt = performance.now();
    if (typeof data !== "string") return;
    let message: FromRelay;
    try {
      message = JSON.parse(data) as FromRelay;
    } catch {
      return;
    }
    if (message.type === "pong") {
      const sentAt = this.#pings.get(message.id);
      this.#pings.delete(message.id);
      if (sentAt !== undefined) this.clock.heard(sentAt, this.#heardAt, message.relayTime);
      return;
    }
    if (message.type === "welcome") {
      this.clock.heard(this.#helloAt, this.#heardAt, message.relayTime);
      this.#backoff.succeeded();
      this.#lostSince = null;
      this.host.onLink({ state: "open" });
    }
    if (message.type === "closing") {
      this.#closing(message.code, message.retryMs);
      return;
    }
    this.host.onMessage(message);
  }

  #closing(code: ProblemCode, retryMs: number | null): void {
    if (retryMs === null) this.#end(code);
    else this.#drop(code, retryMs);
  }

  #end(code: ProblemCode): void {
    this.close();
    this.host.onLink({ state: "ended", code });
  }

  /** The handshake did not work: the browser does not say why, so ask over HTTP. */
  #failed(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#drop(null);
    void this.host.checkEntry().then((code) => {
      if (code !== null && !this.#closed) this.#end(code);
    });
  }

  #drop(code: ProblemCode | null, waitMs: number | null = null): void {
    clearTimeout(this.#beat);
    this.#detach()?.close();
    if (this.#closed) return;
    this.#lostSince ??= performance.now();
    this.host.onLink({ state: "lost", since: this.#lostSince, code });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), waitMs ?? this.#backoff.next());
  }

  #detach(): WebSocket | null {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) socket.onopen = socket.onmessage = socket.onclose = null;
    return socket;
  }

  #heartbeat(count: number): void {
    clearTimeout(this.#beat);
    this.#beat = setTimeout(
      () => {
        if (performance.now() - this.#heardAt > SILENCE_MS) {
          this.#drop(null);
          return;
        }
        this.#ping();
        this.#heartbeat(count + 1);
      },
      count < FIRST_PINGS ? FIRST_PING_MS : PING_MS,
    );
  }

  #ping(): void {
    const id = this.#nextPing;
    this.#nextPing = (this.#nextPing + 1) >>> 0;
    if (this.#pings.size >= MAX_OPEN_PINGS) this.#pings.clear();
    this.#pings.set(id, performance.now());
    this.send({ type: "ping", id });
  }

  /** The network or the page came back: try now instead of waiting. */
  readonly #hurry = (): void => {
    if (this.#closed || document.visibilityState === "hidden") return;
    if (this.#socket === null) {
      clearTimeout(this.#retry);
      this.#open();
    } else if (this.#socket.readyState === WebSocket.OPEN) {
      this.#ping();
    }
  };
}
