// Standard WHIP and WHEP clients as any other product would write them: a plain RTCPeerConnection and fetch with a
// bearer ticket. They know nothing of Hibiki but the address and the ticket.
//
// Owns one publisher and one player per page. Evaluated into an otherwise empty page by the stories of foreign peers.

"use strict";
window.standardPeer = (() => {
  let pc = null;
  let resource = null;
  let token = null;

  async function gathered(connection) {
    if (connection.iceGatheringState === "complete") return;
    await new Promise((resolve) => {
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState === "complete") resolve();
      });
    });
  }

  /** Offer, POST, answer (RFC 9725 §4.2). A refusal is given back as the relay wrote it. */
  async function join(url, ticket) {
    await pc.setLocalDescription();
    await gathered(pc);
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/sdp", authorization: `Bearer ${ticket}` },
      body: pc.localDescription.sdp,
    });
    const text = await response.text();
    if (response.status !== 201) return { status: response.status, problem: text };
    resource = new URL(response.headers.get("location"), url).href;
    token = ticket;
    await pc.setRemoteDescription({ type: "answer", sdp: text });
    return { status: 201, location: resource, answer: text };
  }

  return {
    /** Publishes the camera in the codec named (`video/VP8`), with a microphone if asked, at most at a rate if named. */
    async publish({ url, ticket, codec, audio, kbps }) {
      const media = await navigator.mediaDevices.getUserMedia({
        video: { width: 640, height: 480, frameRate: 30 },
        audio: audio ?? false,
      });
      pc = new RTCPeerConnection();
      const video = pc.addTransceiver(media.getVideoTracks()[0], { direction: "sendonly" });
      const wanted = RTCRtpSender.getCapabilities("video").codecs.filter(
        (c) => c.mimeType === codec || c.mimeType === "video/rtx",
      );
      if (!wanted.some((c) => c.mimeType === codec))
        return { status: 0, problem: `this browser cannot send ${codec}` };
      video.setCodecPreferences(wanted);
      for (const track of media.getAudioTracks()) pc.addTransceiver(track, { direction: "sendonly" });
      const joined = await join(url, ticket);
      if (kbps !== undefined && joined.status === 201) {
        const parameters = video.sender.getParameters();
        for (const encoding of parameters.encodings) encoding.maxBitrate = kbps * 1000;
        await video.sender.setParameters(parameters);
      }
      return joined;
    },
    /** Plays the picture in a video element of the page. */
    async watch({ url, ticket }) {
      pc = new RTCPeerConnection();
      pc.addTransceiver("video", { direction: "recvonly" });
      const video = document.createElement("video");
      Object.assign(video, { autoplay: true, muted: true, playsInline: true });
      document.body.append(video);
      pc.addEventListener("track", (e) => {
        video.srcObject = new MediaStream([e.track]);
      });
      return join(url, ticket);
    },
    state: () => pc?.connectionState ?? "none",
    /** Ends the session as RFC 9725 §4.2 says; gives back the status. */
    async stop() {
      const response = await fetch(resource, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
      pc.close();
      return response.status;
    },
    async stats() {
      for (const s of (await pc.getStats()).values()) {
        if ((s.type === "inbound-rtp" || s.type === "outbound-rtp") && s.kind === "video") {
          return {
            type: s.type,
            frames: s.framesDecoded ?? s.framesEncoded,
            lost: s.packetsLost ?? 0,
            pli: s.pliCount ?? 0,
            freezes: s.freezeCount ?? 0,
          };
        }
      }
      return null;
    },
  };
})();
