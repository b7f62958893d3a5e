// The frames that were painted on this page.
//
// `FrameRing` keeps about one second of them with their pictures, so that a shared freeze can show exactly the frame
// that somebody pointed at. `FrameWatcher` reads them from a video element. Called by `picture.ts`.
// Invariants: the ring is bounded in time, number and bytes, what leaves it is closed, and a picture in it is
// certainly the frame of its RTP time, because a mark belongs to one captured frame.

import type { Size } from "../stage/points";
import type { RtpTime } from "../wire/units";
import { ticksSince } from "./age";

/** One painted frame. */
export type PaintedFrame = Size & {
  readonly rtpTime: RtpTime;
  /** `performance.now` in the callback; the time that the callback is given is the start of its rendering. */
  readonly paintedAt: number;
};

/** A picture that must be given back. */
export type Surface = Size & { readonly bytes: number; close(): void };

/** What a browser keeps of a frame. */
export type Picture = Surface & { readonly source: ImageBitmap | VideoFrame };

export type KeptFrame<S extends Surface> = { readonly frame: PaintedFrame; readonly surface: S };

/** A freeze travels in well under a second between any two pages on a usable link. */
const KEPT_MS = 1_100;
/** One second at 60 frames a second. Kept frames are the decoder's own buffers where that is free, and the smallest of
 * Chromium's decoder pools (VP9) has 68. */
const MAX_KEPT_FRAMES = 60;
/** 50 pictures of 800x600 in RGBA; an iPad ends pages that hold much more. */
const MAX_KEPT_BYTES = 96 * 1024 * 1024;
const RGBA_BYTES_PER_PIXEL = 4;
const I420_BYTES_PER_PIXEL = 1.5;

export class FrameRing<S extends Surface> {
  /** Oldest first. */
  #kept: KeptFrame<S>[] = [];
  #bytes = 0;

  push(frame: PaintedFrame, surface: S): void {
    this.#kept.push({ frame, surface });
    this.#bytes += surface.bytes;
    const oldest = frame.paintedAt - KEPT_MS;
    for (let first = this.#kept[0]; first !== undefined && this.#kept.length > 1; first = this.#kept[0]) {
      const over = this.#kept.length > MAX_KEPT_FRAMES || this.#bytes > MAX_KEPT_BYTES;
      if (!over && first.frame.paintedAt >= oldest) break;
      this.#kept.shift();
      this.#bytes -= first.surface.bytes;
      first.surface.close();
    }
  }

  /** The frame of exactly this RTP time. */
  find(rtpTime: RtpTime): KeptFrame<S> | null {
    return this.#kept.find((kept) => kept.frame.rtpTime === rtpTime) ?? null;
  }

  /** The kept frame whose capture is nearest. */
  nearest(rtpTime: RtpTime): KeptFrame<S> | null {
    let best: KeptFrame<S> | null = null;
    for (const kept of this.#kept) {
      const closer =
        best === null ||
        Math.abs(ticksSince(kept.frame.rtpTime, rtpTime)) < Math.abs(ticksSince(best.frame.rtpTime, rtpTime));
      if (closer) best = kept;
    }
    return best;
  }

  newest(): KeptFrame<S> | null {
    return this.#kept.at(-1) ?? null;
  }

  get size(): number {
    return this.#kept.length;
  }

  clear(): void {
    for (const kept of this.#kept) kept.surface.close();
    this.#kept = [];
    this.#bytes = 0;
  }
}

/** Where a painted frame's RTP time comes from. */
export type RtpSource = "frameCallback" | "synchronizationSource" | "none";

export type FrameHost = {
  readonly onFrame: (frame: PaintedFrame) => void;
  /** Its picture is in the ring. */
  readonly onKept: () => void;
  /** Fallback for browsers without `rtpTimestamp` in the frame callback (Firefox, Safari). */
  readonly receiver: () => RTCRtpReceiver | null;
};

/** Microseconds by which two spellings of one media time may differ by rounding. */
const SAME_TIME_US = 2;
/** A browser in which the two times never agree counts them from different origins: there the check says nothing. */
const TRIES_BEFORE_UNCHECKED = 8;

export class FrameWatcher {
  readonly ring = new FrameRing<Picture>();
  rtpSource: RtpSource = "none";
  #handle: number | null = null;
  /** A frame that the element showed before it was announced. */
  #early: VideoFrame | null = null;
  /** How often the element showed the announced frame, and how often another one. */
  #agreed = 0;
  #disagreed = 0;

  constructor(
    readonly video: HTMLVideoElement,
    readonly host: FrameHost,
  ) {
    this.#await();
  }

  stop(): void {
    if (this.#handle !== null) this.video.cancelVideoFrameCallback(this.#handle);
    this.#handle = null;
    this.#keepEarly(null, false);
    this.ring.clear();
  }

  #await(): void {
    this.#handle = this.video.requestVideoFrameCallback((_frameStart, metadata) => {
      this.#await();
      this.#painted(performance.now(), metadata);
    });
  }

  #painted(now: number, metadata: VideoFrameCallbackMetadata): void {
    const rtpTime = this.#rtpTime(metadata);
    if (rtpTime === null) return;
    const frame = { rtpTime, paintedAt: now, width: metadata.width, height: metadata.height };
    this.host.onFrame(frame);
    void this.#keep(frame, metadata);
  }

  #rtpTime(metadata: VideoFrameCallbackMetadata): RtpTime | null {
    if (metadata.rtpTimestamp !== undefined) {
      this.rtpSource = "frameCallback";
      return metadata.rtpTimestamp as RtpTime;
    }
    // The newest packet whose frame was played out: the same frame, or on a busy device its neighbour.
    const source = this.host.receiver()?.getSynchronizationSources()[0];
    this.rtpSource = source === undefined ? "none" : "synchronizationSource";
    return source === undefined ? null : (source.rtpTimestamp as RtpTime);
  }

  async #keep(frame: PaintedFrame, metadata: VideoFrameCallbackMetadata): Promise<void> {
    const shown = this.#showing(metadata);
    if (shown === null) return;
    // Decoded in software: the buffer is plain memory and keeping it costs nothing. Buffers of a hardware decoder are
    // few, and holding them would stop the picture: those are copied.
    if ("format" in shown && shown.format === "I420") {
      this.#push(frame, shown, I420_BYTES_PER_PIXEL);
      return;
    }
    try {
      const copy = createImageBitmap(shown);
      if ("close" in shown) shown.close();
      this.#push(frame, await copy, RGBA_BYTES_PER_PIXEL);
    } catch {
      // The element has no picture any more (a new stream is being attached): there is nothing to keep.
    }
  }

  #push(frame: PaintedFrame, source: ImageBitmap | VideoFrame, bytesPerPixel: number): void {
    const { width, height } = frame;
    if (this.#handle === null) source.close();
    else {
      const bytes = width * height * bytesPerPixel;
      this.ring.push(frame, { source, width, height, bytes, close: () => source.close() });
      this.host.onKept();
    }
  }

  /** The picture of the announced frame, or null when a newer one has taken its place unseen. */
  #showing({ mediaTime }: VideoFrameCallbackMetadata): VideoFrame | HTMLVideoElement | null {
    // Without a secure context or on an old browser there is no way to check.
    if (typeof VideoFrame === "undefined") return this.video;
    if (this.#agreed === 0 && this.#disagreed >= TRIES_BEFORE_UNCHECKED) return this.video;
    let shown: VideoFrame;
    try {
      shown = new VideoFrame(this.video);
    } catch {
      return this.video;
    }
    const early = this.#early;
    const found = [shown, early].find((one) => one !== null && isOf(one, mediaTime)) ?? null;
    // On a busy page the element is a frame ahead of its callback: that frame's own callback comes next.
    this.#keepEarly(found === shown ? null : shown, found === early);
    if (found === null) this.#disagreed += 1;
    else this.#agreed += 1;
    return found;
  }

  #keepEarly(next: VideoFrame | null, taken: boolean): void {
    if (!taken) this.#early?.close();
    this.#early = next;
  }
}

function isOf(picture: VideoFrame, mediaTime: number): boolean {
  return Math.abs(picture.timestamp - mediaTime * 1_000_000) <= SAME_TIME_US;
}
