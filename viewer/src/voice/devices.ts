// The microphones and loudspeakers there are to choose from.
//
// Owns the lists, which change when a headset is plugged or connects. Called by `talk.ts`; what is chosen is kept by the
// settings. Invariant: before a microphone was allowed devices have no names, and there is nothing to choose.

import { signal } from "@preact/signals";

/** Chromium lists the usual device once more under these names; here it is no device. */
const ALIASES: ReadonlySet<string> = new Set(["", "default", "communications"]);

export class Devices {
  readonly microphones = signal<readonly MediaDeviceInfo[]>([]);
  /** Empty where a page cannot choose: Safari, and Firefox before 116. */
  readonly loudspeakers = signal<readonly MediaDeviceInfo[]>([]);

  constructor() {
    navigator.mediaDevices?.addEventListener("devicechange", this.look);
  }

  end(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.look);
  }

  readonly look = async (): Promise<void> => {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const named = all.filter((one) => one.label !== "");
    this.microphones.value = named.filter((one) => one.kind === "audioinput");
    const selectable = "setSinkId" in HTMLMediaElement.prototype;
    this.loudspeakers.value = named.filter(
      (one) => selectable && one.kind === "audiooutput" && !ALIASES.has(one.deviceId),
    );
  };
}
