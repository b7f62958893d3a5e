// A browser's media and a relay behind it, as far as our connections and voices see them.
//
// Nothing happens by itself but what every browser does at once: a test says when a connection stands, a track ends or the
// relay is silent. `stubMedia` puts it into the globals; whoever calls it unstubs them.

import { vi } from "vitest";

export class FakeTrack extends EventTarget {
  readonly kind = "audio";
  enabled = true;
  muted = false;
  readyState: "live" | "ended" = "live";

  constructor(readonly deviceId = "") {
    super();
  }

  getSettings(): { deviceId: string } {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The system takes it away or gives it back. */
  becomesMuted(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }
}

export class FakeStream {
  constructor(readonly tracks: readonly FakeTrack[]) {}

  getTracks(): readonly FakeTrack[] {
    return this.tracks;
  }

  getAudioTracks(): readonly FakeTrack[] {
    return this.tracks;
  }
}

export class FakeAudio extends EventTarget {
  static all: FakeAudio[] = [];
  /** Why the browser does not play before a touch. */
  static refusal: DOMException | null = null;
  autoplay = false;
  srcObject: FakeStream | null = null;
  paused = true;
  sink = "";

  constructor() {
    super();
    FakeAudio.all.push(this);
  }

  play(): Promise<void> {
    if (FakeAudio.refusal !== null) return Promise.reject(FakeAudio.refusal);
    this.paused = false;
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    // HTML §4.8.11.8: the event is queued and finds whoever listens then.
    queueMicrotask(() => this.dispatchEvent(new Event("pause")));
  }

  setSinkId(sink: string): Promise<void> {
    this.sink = sink;
    return Promise.resolve();
  }
}

type Transceiver = { direction: string; mid: string; track: unknown; sender: unknown };

export class FakePeer {
  static all: FakePeer[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription: { sdp: string } | null = null;
  ontrack: ((event: unknown) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  /** What `getStats` says. */
  stats: object[] = [];
  readonly transceivers: Transceiver[] = [];
  readonly replaced: unknown[] = [];
  #offers = 0;

  constructor() {
    FakePeer.all.push(this);
  }

  static get newest(): FakePeer {
    const newest = FakePeer.all.at(-1);
    if (newest === undefined) throw new Error("nobody made a connection");
    return newest;
  }

  addTransceiver(track: unknown, { direction }: { direction: string }): Transceiver {
    const sender = {
      getParameters: () => ({ encodings: [] }),
      setParameters: () => Promise.resolve(),
      replaceTrack: (next: unknown) => Promise.resolve(void this.replaced.push(next)),
    };
    const made = { direction, mid: String(this.transceivers.length), track, sender };
    this.transceivers.push(made);
    return made;
  }

  getTransceivers(): Transceiver[] {
    return this.transceivers;
  }

  createOffer(): Promise<{ sdp: string }> {
    this.#offers += 1;
    return Promise.resolve({ sdp: sdp(`ours${this.#offers}`) });
  }

  setLocalDescription(offer: { sdp: string } = { sdp: sdp("ours0") }): Promise<void> {
    this.localDescription = offer;
    this.signalingState = "have-local-offer";
    return Promise.resolve();
  }

  setRemoteDescription(): Promise<void> {
    this.signalingState = "stable";
    return Promise.resolve();
  }

  getStats(): Promise<object[]> {
    return Promise.resolve(this.stats);
  }

  becomes(state: "connected" | "disconnected" | "failed"): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** Brings a voice on a seat. */
  brings(mid: string, track: FakeTrack): void {
    this.ontrack?.({ track, transceiver: { mid } });
  }

  close(): void {
    this.connectionState = "closed";
  }
}

export const sdp = (ufrag: string) =>
  `v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:${ufrag}\r\na=ice-pwd:0123456789012345678901\r\na=mid:0\r\n`;

type Asked = { readonly method: string; readonly path: string; readonly body: string };

/** Answers offers and restarts, unless a test says otherwise. */
export class FakeRelay {
  readonly asked: Asked[] = [];
  /** The next answers by method; null is a cut: none ever comes. */
  readonly next: Record<string, (Response | null)[]> = {};

  readonly fetch = (path: string, init: RequestInit): Promise<Response> => {
    const method = init.method ?? "GET";
    this.asked.push({ method, path, body: String(init.body ?? "") });
    const planned = this.next[method]?.shift();
    if (planned === null) {
      return new Promise((_, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    }
    return Promise.resolve(planned ?? this.#answer(method));
  };

  count(method: string): number {
    return this.asked.filter((asked) => asked.method === method).length;
  }

  refuses(method: string, code: string, status: number): void {
    const queue = this.next[method] ?? [];
    this.next[method] = queue;
    queue.push(new Response(JSON.stringify({ code, title: code }), { status }));
  }

  #answer(method: string): Response {
    const location = `/api/v1/consults/c/voice/${this.count("POST")}`;
    if (method === "POST") return new Response(sdp("theirs"), { status: 201, headers: { location } });
    return new Response(method === "PATCH" ? sdp("theirs2") : null, { status: 200 });
  }
}

/** Events of the window. */
export class FakePage extends EventTarget {
  visibilityState: "visible" | "hidden" = "visible";

  shows(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

export type Media = {
  readonly relay: FakeRelay;
  readonly page: FakePage;
  /** Devices that were asked for; "" is the usual one. */
  readonly opened: string[];
  /** Microphones that are not there now. */
  readonly absent: Set<string>;
  readonly tracks: FakeTrack[];
  readonly kept: Map<string, string>;
};

export function stubMedia(): Media {
  FakePeer.all = [];
  FakeAudio.all = [];
  FakeAudio.refusal = null;
  const relay = new FakeRelay();
  const page = new FakePage();
  const media = { relay, page, opened: [], absent: new Set<string>(), tracks: [], kept: new Map() } as Media;
  const getUserMedia = ({ audio }: { audio: { deviceId?: { exact: string } } }) => {
    const device = audio.deviceId?.exact ?? "";
    media.opened.push(device);
    if (media.absent.has(device)) {
      return Promise.reject(Object.assign(new Error("deviceId"), { name: "OverconstrainedError" }));
    }
    const track = new FakeTrack(device);
    media.tracks.push(track);
    return Promise.resolve(new FakeStream([track]));
  };
  const mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia,
    enumerateDevices: () => Promise.resolve([]),
  });
  vi.stubGlobal("navigator", { language: "ja-JP", mediaDevices });
  vi.stubGlobal("document", page);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => null });
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("Audio", FakeAudio);
  vi.stubGlobal("HTMLMediaElement", FakeAudio);
  vi.stubGlobal("fetch", relay.fetch);
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => media.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void media.kept.set(key, value),
    removeItem: (key: string) => void media.kept.delete(key),
  });
  return media;
}
