// The microphone of this page: opened when somebody asks for it, watched, brought back.
//
// Owns the track and what the device does to it: a phone call, power saving or a pulled plug mute or end it without asking.
// Called by `talk.ts`. Invariant: one track at a time, and none that nobody uses stays open.

import { signal } from "@preact/signals";

/** Why there is no microphone. */
export type MicTrouble = "denied" | "none" | "busy";

/** What a room with a patient needs: no echo of the own loudspeaker, no hum of devices, one loudness. */
const SPEECH: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
};

export class Microphone {
  readonly track = signal<MediaStreamTrack | null>(null);
  /** The device took it away, and did not give it back. */
  readonly taken = signal(false);
  #stop: (() => void) | null = null;

  /** Opens this device, or the usual one for "" or when it is not there; the one before goes when the new one is there. */
  async open(device: string): Promise<MicTrouble | null> {
    let stream: MediaStream;
    try {
      stream = await streamOf(device);
    } catch (cause) {
      return troubleOf(cause);
    }
    const track = stream.getAudioTracks()[0];
    if (track === undefined) return "none";
    this.close();
    this.#watch(track);
    this.track.value = track;
    return null;
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
    this.track.value?.stop();
    this.track.value = null;
    this.taken.value = false;
  }

  get device(): string | null {
    return this.track.value?.getSettings().deviceId ?? null;
  }

  #watch(track: MediaStreamTrack): void {
    const look = () => {
      this.taken.value = track.muted || track.readyState === "ended";
    };
    const events = ["mute", "unmute", "ended"];
    for (const event of events) track.addEventListener(event, look);
    // A page that comes back may have lost it without an event.
    document.addEventListener("visibilitychange", look);
    look();
    this.#stop = () => {
      for (const event of events) track.removeEventListener(event, look);
      document.removeEventListener("visibilitychange", look);
    };
  }
}

async function streamOf(device: string): Promise<MediaStream> {
  const { mediaDevices } = navigator;
  if (device === "") return mediaDevices.getUserMedia({ audio: SPEECH });
  try {
    return await mediaDevices.getUserMedia({ audio: { ...SPEECH, deviceId: { exact: device } } });
  } catch (cause) {
    // The chosen headset is in another room: the tablet's own microphone is better than none.
    if (!isAbsent(cause)) throw cause;
    return mediaDevices.getUserMedia({ audio: SPEECH });
  }
}

/** Safari throws an error of its own here that is no DOMException. */
function isAbsent(cause: unknown): boolean {
  const name = cause instanceof Error ? cause.name : "";
  return name === "OverconstrainedError" || name === "NotFoundError";
}

function troubleOf(cause: unknown): MicTrouble {
  const name = cause instanceof DOMException ? cause.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  // No secure context has no media devices at all: the same to a person as no microphone.
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "none";
}
