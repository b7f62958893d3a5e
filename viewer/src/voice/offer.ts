// The offer of a page's voice: its own microphone, and a seat for each of the others.
//
// A connection of its own, so that the picture never waits for the voice. Called by `talk.ts`.

import type { Offer } from "../live/offer";
import { MAX_VOICES } from "../wire/constants";

export async function offerVoice(microphone: MediaStreamTrack | null): Promise<Offer> {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  if (microphone !== null) {
    const own = peer.addTransceiver(microphone, { direction: "sendonly" });
    withRedundancy(own);
    const parameters = own.sender.getParameters();
    // Voice before picture, wherever packets queue (RFC 8837).
    for (const encoding of parameters.encodings) {
      encoding.priority = "high";
      encoding.networkPriority = "high";
    }
    await own.sender.setParameters(parameters).catch(() => undefined);
  }
  for (let seat = 0; seat < MAX_VOICES; seat += 1) {
    withRedundancy(peer.addTransceiver("audio", { direction: "recvonly" }));
  }
  await peer.setLocalDescription();
  return { peer, sdp: peer.localDescription?.sdp ?? "", playoutDelay: false };
}

/** Opus with the frame before once more in each packet (RFC 2198), where the browser has it. */
function withRedundancy(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
  const named = (name: string) => codecs.filter(({ mimeType }) => mimeType.toLowerCase() === name);
  const wanted = [...named("audio/red"), ...named("audio/opus")];
  if (wanted.length > 0) transceiver.setCodecPreferences?.(wanted);
}
