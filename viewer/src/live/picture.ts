// The live picture of one page: the video element, its WHEP session, the painted frames and what stands over it.
//
// Framework-free. Owns which frame is under the eyes now, the frozen frame that everybody stands on and the last frame
// while the connection is made anew. Called by the screens through signals; drawing is the stage's.
// Invariants: a freeze shows exactly its frame, or a near one that says so, or nothing; only a proven one is an original; the video is never paused, so
// that a release shows the present and not the past.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Size } from "../stage/points";
import type { ConsultId, SessionId } from "../wire/ids";
import type { RtpTime } from "../wire/units";
import { ticksSince } from "./age";
import { FrameWatcher, type PaintedFrame } from "./frames";
import { type LineState, MediaLine } from "./media-line";
import { takeOffer } from "./offer";
import { STALE_AFTER_MS } from "./quality";
import { type Drawable, Veil } from "./veil";

/** What a frozen page shows. */
export type Still =
  /** The frame as it was captured, proven bit for bit. */
  | { readonly kind: "original" }
  /** The frame as it came with the video. */
  | { readonly kind: "exact" }
  /** The frame itself was never painted here; a neighbour stands in, this far away. */
  | { readonly kind: "near"; readonly offMs: number }
  /** The frame was shown before this page came: the picture goes on and the words say so. */
  | { readonly kind: "missing" }
  /** Everybody stepped to a frame that is on its way; the one before stands here until then. */
  | { readonly kind: "coming" };

/** A neighbour farther away than this shows another moment of the heart. */
const NEAR_MS = 50;
const TICKS_PER_MS = 90;
/** A picture that flows at the relay but not here for this long needs a fresh connection. */
const DEAD_MS = 2_500;
/** Between two fresh connections for that reason. */
const REVIVE_EVERY_MS = 5_000;
const FPS_WINDOW_MS = 1_000;

export class LivePicture {
  readonly video: HTMLVideoElement;
  readonly whep = signal<LineState>({ state: "connecting" });
  readonly size = signal<Size | null>(null);
  readonly still = signal<Still | null>(null);
  readonly #newest = signal<PaintedFrame | null>(null);
  readonly #client: MediaLine;
  readonly #veil: Veil;
  #watcher: FrameWatcher;
  #frozenOn: RtpTime | null = null;
  /** The proven original of the frozen frame: where a loop over it returns to. */
  #original: ImageData | null = null;
  /** Frames before the frozen one stand over it. */
  #looping = false;
  /** Times of the frames painted in the last second. */
  #paintTimes: number[] = [];
  /** The first frame after a second or more without any. */
  #runsSince: number | null = null;
  #revivedAt = Number.NEGATIVE_INFINITY;
  /** Since when frames could be painted at all: a hidden page paints none. */
  #visibleSince = performance.now();
  /** Called for each painted frame, right after it; the stage draws then. */
  onFrame: (frame: PaintedFrame) => void = () => undefined;

  constructor(consult: ConsultId, session: SessionId) {
    this.video = document.createElement("video");
    Object.assign(this.video, {
      autoplay: true,
      muted: true,
      playsInline: true,
      disablePictureInPicture: true,
    });
    this.video.disableRemotePlayback = true;
    this.#veil = new Veil(this.video);
    this.#watcher = this.#watch();
    this.#client = new MediaLine(`/api/v1/consults/${consult}/whep`, session, {
      offer: takeOffer,
      onTrack: ({ receiver, track }) => {
        // No jitter buffer beyond what playout-delay 0/0 asks for; missing in Safari before 27.
        if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
        this.#attach(track);
      },
      onState: (state) => {
        this.whep.value = state;
      },
      onEnds: () => this.#keepLast(),
    });
    document.addEventListener("visibilitychange", this.#shown);
  }

  /** The canvas over the video. */
  get cover(): HTMLCanvasElement {
    return this.#veil.cover;
  }

  /** The newest painted frame. */
  get frame(): ReadonlySignal<PaintedFrame | null> {
    return this.#newest;
  }

  /** The frame to freeze on: the newest one whose picture is kept, if that is as good as under the eyes. */
  frameToFreeze(): PaintedFrame | null {
    const newest = this.#newest.peek();
    const kept = this.#watcher.ring.newest()?.frame;
    if (newest === null || kept === undefined) return newest;
    return ticksSince(newest.rtpTime, kept.rtpTime) <= NEAR_MS * TICKS_PER_MS ? kept : newest;
  }

  get diagnostics(): { playoutDelayOffered: boolean; rtpSource: string; framesKept: number } {
    return {
      playoutDelayOffered: this.#client.playoutDelayOffered,
      rtpSource: this.#watcher.rtpSource,
      framesKept: this.#watcher.ring.size,
    };
  }

  get peer(): RTCPeerConnection | null {
    return this.#client.peer;
  }

  /** Frames painted in the second before `now`; null until the picture has run for a second. */
  fps(now: number): number | null {
    return this.#runsSince === null || now - this.#runsSince < FPS_WINDOW_MS
      ? null
      : this.#paintTimes.filter((at) => at > now - FPS_WINDOW_MS).length;
  }

  /** How long nothing new was painted although it could have been; null before the first frame. */
  silentMs(now: number): number | null {
    const newest = this.#newest.peek();
    return newest === null ? null : now - Math.max(newest.paintedAt, this.#visibleSince);
  }

  /** Whether anything was painted since the page is in sight again; before, what stands there is of before. */
  get isOfNow(): boolean {
    const newest = this.#newest.peek();
    return newest !== null && newest.paintedAt >= this.#visibleSince;
  }

  /** The relay says that the picture runs, or the link to it is new: ask again if there is nothing to see here. */
  expectFrames(now: number): void {
    if (this.#client.peer === null) {
      this.#client.nudge();
      return;
    }
    const silent = this.silentMs(now) ?? Number.POSITIVE_INFINITY;
    const connecting = this.whep.peek().state !== "connected";
    if (connecting || document.visibilityState === "hidden" || silent < DEAD_MS) return;
    if (now - Math.max(this.#revivedAt, this.#visibleSince) < REVIVE_EVERY_MS) return;
    this.#revivedAt = now;
    this.#client.restart();
  }

  /** The relay came back after a loss: its media sessions may be gone. */
  relayReturned(now: number): void {
    if ((this.silentMs(now) ?? Number.POSITIVE_INFINITY) < STALE_AFTER_MS) return;
    this.#revivedAt = now;
    this.#client.restart();
  }

  /** Stands on a frame until `release`; null for a frame of a stream that is not this one, which cannot be here. */
  freeze(rtpTime: RtpTime | null): void {
    if (this.still.peek() !== null && this.#frozenOn === rtpTime) return;
    // A step: the picture behind must not flash up between two stills.
    const stays = rtpTime !== null && this.#standsStill();
    this.#frozenOn = rtpTime;
    this.#original = null;
    this.#looping = false;
    this.still.value = { kind: stays ? "coming" : "missing" };
    if (!stays) this.#veil.lift();
    this.#seekStill();
  }

  /** The proven original of a frame came; it is shown if everybody still stands on that frame. */
  showOriginal(rtpTime: RtpTime, picture: ImageData): void {
    if (this.#frozenOn !== rtpTime) return;
    this.#original = picture;
    if (this.#looping) return;
    this.still.value = { kind: "original" };
    this.#coverWith(picture);
  }

  /** The frozen frame as it came with the video of whoever froze; it is shown where that very frame was not painted. */
  showFromVideo(rtpTime: RtpTime, picture: ImageBitmap): void {
    if (this.#frozenOn !== rtpTime || this.still.peek() === null || this.#isCertain()) return;
    this.still.value = { kind: "exact" };
    this.#coverWith(picture);
  }

  /** A proven original from before the frozen frame stands over it; whether it is on the glass. */
  showLoop(picture: ImageData): boolean {
    if (this.#frozenOn === null) return false;
    this.#looping = true;
    this.still.value = { kind: "original" };
    return this.#coverWith(picture);
  }

  /** The frozen frame itself is shown again. */
  endLoop(): void {
    if (!this.#looping) return;
    this.#looping = false;
    if (this.#original !== null) {
      this.#coverWith(this.#original);
      return;
    }
    this.still.value = { kind: "missing" };
    this.#veil.lift();
    this.#seekStill();
  }

  release(): void {
    if (this.still.peek() === null) return;
    this.#frozenOn = this.#original = null;
    this.#looping = false;
    this.still.value = null;
    this.#veil.lift();
    const newest = this.#newest.peek();
    if (newest !== null) this.#setSize(newest);
  }

  /** The picture comes from somebody else now. */
  forgetFrames(): void {
    this.#watcher.ring.clear();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#shown);
    this.#client.close();
    this.#watcher.stop();
    this.#veil.close();
    this.video.srcObject = null;
  }

  #watch(): FrameWatcher {
    return new FrameWatcher(this.video, {
      onFrame: (frame) => this.#painted(frame),
      onKept: () => {
        if (this.#frozenOn !== null && !this.#isCertain()) this.#seekStill();
      },
      receiver: () => this.#client.receiver(),
    });
  }

  #attach(track: MediaStreamTrack): void {
    this.#keepLast();
    this.video.srcObject = new MediaStream([track]);
    // Muted video may always play; a refusal means that the page is going away.
    this.video.play().catch(() => undefined);
  }

  /** The element goes black with its track, until the first frame of the next one: the last frame stays over it. */
  #keepLast(): void {
    if (this.#newest.peek() === null || this.still.peek() !== null || this.#veil.isDown) return;
    this.#coverWith(this.#watcher.ring.newest()?.surface.source);
  }

  #painted(frame: PaintedFrame): void {
    const silent = frame.paintedAt - (this.#paintTimes.at(-1) ?? Number.NEGATIVE_INFINITY);
    if (silent > FPS_WINDOW_MS) this.#runsSince = frame.paintedAt;
    this.#paintTimes.push(frame.paintedAt);
    while ((this.#paintTimes[0] ?? frame.paintedAt) < frame.paintedAt - FPS_WINDOW_MS)
      this.#paintTimes.shift();
    // While a still is shown the ink lies on it, whatever the stream behind it turned into.
    if (!this.#standsStill()) this.#setSize(frame);
    this.#veil.painted();
    if (this.still.peek() === null && this.#veil.isDown) this.#veil.lift();
    this.#newest.value = frame;
    this.onFrame(frame);
  }

  /** Looks for the frozen frame among the painted ones; called again for each new one until it is found. */
  #seekStill(): void {
    const wanted = this.#frozenOn;
    if (wanted === null) return;
    const { ring } = this.#watcher;
    const exact = ring.find(wanted);
    if (exact !== null) {
      this.still.value = { kind: "exact" };
      this.#coverWith(exact.surface.source);
      return;
    }
    const newest = ring.newest();
    const nearest = ring.nearest(wanted);
    // Only when later frames are here is it certain that the very frame will not come.
    const kind = this.still.peek()?.kind;
    if ((kind !== "missing" && kind !== "coming") || newest === null || nearest === null) return;
    if (ticksSince(newest.frame.rtpTime, wanted) <= 0) return;
    const offMs = Math.abs(ticksSince(nearest.frame.rtpTime, wanted)) / TICKS_PER_MS;
    if (offMs > NEAR_MS) return;
    this.still.value = { kind: "near", offMs };
    this.#coverWith(nearest.surface.source);
  }

  #coverWith(picture: Drawable | undefined): boolean {
    if (picture === undefined || !this.#veil.show(picture, this.#standsStill())) return false;
    if (this.#standsStill()) this.#setSize(this.#veil.cover);
    return true;
  }

  /** No better picture of the frozen frame is to be found among the painted ones. */
  #isCertain(): boolean {
    const kind = this.still.peek()?.kind;
    return kind === "exact" || kind === "original";
  }

  #standsStill(): boolean {
    const still = this.still.peek();
    return still !== null && still.kind !== "missing";
  }

  #setSize({ width, height }: Size): void {
    const size = this.size.peek();
    if (size?.width !== width || size.height !== height) this.size.value = { width, height };
  }

  readonly #shown = (): void => {
    if (document.visibilityState === "visible") this.#visibleSince = performance.now();
  };
}
