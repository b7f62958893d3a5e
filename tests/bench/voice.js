// Joins the voices of a consult with stamped packets: each encoded voice frame carries the moment it left the encoder, and the
// other page reads it where it arrives. On one machine all pages have one clock. In the page; the bench reads `voiceBench`.
async ({ consult, session, header }) => {
  const now = () => performance.timeOrigin + performance.now();
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", encodedInsertableStreams: true });
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const own = peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly" });
  const codecs = RTCRtpReceiver.getCapabilities("audio").codecs;
  const opus = codecs.filter((c) => ["audio/red", "audio/opus"].includes(c.mimeType.toLowerCase()));
  own.setCodecPreferences(opus.sort((a) => (a.mimeType.toLowerCase() === "audio/red" ? -1 : 1)));
  for (let seat = 0; seat < 6; seat += 1) peer.addTransceiver("audio", { direction: "recvonly" }).setCodecPreferences(opus);
  const took = [];
  const pass = (streams, transform) =>
    streams.readable.pipeThrough(new TransformStream({ transform })).pipeTo(streams.writable);
  pass(own.sender.createEncodedStreams(), (frame, out) => {
    const stamped = new Uint8Array(frame.data.byteLength + 8);
    stamped.set(new Uint8Array(frame.data));
    new DataView(stamped.buffer).setFloat64(frame.data.byteLength, now());
    frame.data = stamped.buffer;
    out.enqueue(frame);
  });
  peer.ontrack = ({ receiver, track }) => {
    const audio = new Audio();
    audio.srcObject = new MediaStream([track]);
    void audio.play();
    pass(receiver.createEncodedStreams(), (frame, out) => {
      const length = frame.data.byteLength - 8;
      const stamp = new DataView(frame.data).getFloat64(length);
      if (Math.abs(now() - stamp) < 60_000) took.push(now() - stamp);
      frame.data = frame.data.slice(0, length);
      out.enqueue(frame);
    });
  };
  await peer.setLocalDescription();
  const answer = await fetch(`/api/v1/consults/${consult}/voice`, {
    method: "POST",
    headers: { "content-type": "application/sdp", [header]: session },
    body: peer.localDescription.sdp,
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  window.voiceBench = {
    peer,
    reset: () => void took.splice(0),
    took: () => took.splice(0),
    async heard() {
      const all = { samples: 0, concealed: 0, silent: 0, delay: 0, emitted: 0 };
      for (const entry of (await peer.getStats()).values()) {
        if (entry.type !== "inbound-rtp") continue;
        all.samples += entry.totalSamplesReceived ?? 0;
        all.concealed += entry.concealedSamples ?? 0;
        all.silent += entry.silentConcealedSamples ?? 0;
        all.delay += entry.jitterBufferDelay ?? 0;
        all.emitted += entry.jitterBufferEmittedCount ?? 0;
      }
      return all;
    },
  };
};
