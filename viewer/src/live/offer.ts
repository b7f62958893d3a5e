// An offer to receive one picture, ready before anybody asks for it.
//
// Making the first peer connection of a page costs tens of milliseconds. It is done while a ticket is exchanged, so that
// the picture comes that much earlier. Called by `main.tsx` (prepare) and the picture (take).
// Invariant: an offer is taken once; one that nobody takes holds no network session.

import { offersPlayoutDelay, PLAYOUT_DELAY_URI } from "./sdp";

export type Offer = {
  readonly peer: RTCPeerConnection;
  readonly sdp: string;
  /** Whether frames may be shown at once; for diagnostics. */
  readonly playoutDelay: boolean;
};

let prepared: Promise<Offer> | null = null;

export function prepareOffer(): void {
  prepared ??= makeOffer();
  // Whoever takes it hears of the failure.
  prepared.catch(() => undefined);
}

export function takeOffer(): Promise<Offer> {
  const offer = prepared ?? makeOffer();
  prepared = null;
  return offer;
}

async function makeOffer(): Promise<Offer> {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  receiveVideo(peer);
  await peer.setLocalDescription();
  const sdp = peer.localDescription?.sdp ?? "";
  return { peer, sdp, playoutDelay: offersPlayoutDelay(sdp) };
}

/** One receive-only picture, with playout-delay among the extensions in browsers that let us choose. */
function receiveVideo(peer: RTCPeerConnection): void {
  const transceiver = peer.addTransceiver("video", { direction: "recvonly" });
  const chooser = transceiver as RTCRtpTransceiver & Partial<HeaderExtensionChooser>;
  const extensions = chooser.getHeaderExtensionsToNegotiate?.();
  const ours = extensions?.find((extension) => extension.uri === PLAYOUT_DELAY_URI);
  if (extensions === undefined || ours === undefined || ours.direction !== "stopped") return;
  ours.direction = "sendrecv";
  chooser.setHeaderExtensionsToNegotiate?.(extensions);
}

/** WebRTC extensions §5.2; not yet in TypeScript's DOM types. */
type HeaderExtension = { uri: string; direction: RTCRtpTransceiverDirection };
type HeaderExtensionChooser = {
  getHeaderExtensionsToNegotiate(): HeaderExtension[];
  setHeaderExtensionsToNegotiate(extensions: HeaderExtension[]): void;
};
