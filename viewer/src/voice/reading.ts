// How loud it is at this end and as it arrives, from the browser's statistics of the voice connection.
//
// Called by `talk.ts`. Invariant: what a browser does not say is no silence.

import type { Sound } from "./silence";

export type SoundReading = {
  /** Of the own microphone; null where nothing is sent or the browser does not say. */
  readonly own: Sound | null;
  /** The loudest of the others, 0 to 1. */
  readonly others: number;
};

/** As much of an RTCStats entry as is read here. */
type Entry = { type: string; kind?: string; audioLevel?: number; totalAudioEnergy?: number };

export async function readSound(peer: RTCPeerConnection | null): Promise<SoundReading> {
  const stats = await peer?.getStats().catch(() => null);
  let own: Sound | null = null;
  let others = 0;
  stats?.forEach(({ type, kind, audioLevel, totalAudioEnergy }: Entry) => {
    if (kind !== "audio" || audioLevel === undefined) return;
    if (type === "media-source") own = { level: audioLevel, energy: totalAudioEnergy ?? null };
    if (type === "inbound-rtp") others = Math.max(others, audioLevel);
  });
  return { own, others };
}
