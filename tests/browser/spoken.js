// A voice that says what time it is, and an ear beside a glass: beeps of eight pitches in turn, one each half second.
//
// Owns the microphone that beeps, finding beeps in sound, when the relay's record says that they were spoken, and when a page that
// replays the record lets them be heard while which frame is on its glass. Evaluated into pages by a step of
// `a_consult_is_replayed`; what may lie how far apart is said there. Invariant: a beep that was cut short or has no clear pitch counts as
// none.

"use strict";
window.spoken = (() => {
  const EVERY_S = 0.5;
  const LASTS_S = 0.12;
  /** A pitch tells which beep it is, for four seconds. */
  const PITCHES = 8;
  const LOWEST_HZ = 400;
  const APART_HZ = 200;
  /** Long enough for each story. */
  const BEEPS = 600;
  /** Sound is looked at in pieces of so many samples: 5 ms at 48 kHz. */
  const PIECE = 240;
  const RATE = 48_000;
  /** Mean level of a piece that is loud, and quiet pieces that end a beep: packets may lie a little apart. */
  const LOUD = 0.05;
  const QUIET_PIECES = 4;
  /** The newest samples that an analyser still has: it may be asked late. */
  const KEPT_SAMPLES = 32_768;
  const LOOK_MS = 100;
  const begun = new Set(["joined", "streamStarted"]);

  /** How much of a pitch there is in a piece of sound: pieces hold whole waves of each. */
  function strength(pitch, piece) {
    const turn = (2 * Math.PI * (LOWEST_HZ + pitch * APART_HZ)) / RATE;
    let [across, along] = [0, 0];
    piece.forEach((sample, place) => {
      across += sample * Math.cos(turn * place);
      along += sample * Math.sin(turn * place);
    });
    return Math.hypot(across, along);
  }

  /** Takes pieces of sound with their moments in milliseconds; whole beeps go into `beeps`. */
  function ear(beeps) {
    let beep = null;
    return (atMs, piece) => {
      const power = piece.reduce((sum, sample) => sum + sample * sample, 0);
      if (Math.sqrt(power / piece.length) > LOUD) {
        beep ??= { atMs, pieces: 0, quiet: 0, strengths: new Array(PITCHES).fill(0) };
        beep.pieces += 1;
        beep.quiet = 0;
        beep.strengths = beep.strengths.map((sum, pitch) => sum + strength(pitch, piece));
      } else if (beep !== null) {
        beep.quiet += 1;
        if (beep.quiet < QUIET_PIECES) return;
        const lastsS = (beep.pieces * PIECE) / RATE;
        const pitch = beep.strengths.indexOf(Math.max(...beep.strengths));
        const [, second] = beep.strengths.toSorted((one, other) => other - one);
        const isClear = beep.strengths[pitch] > 2 * second;
        if (isClear && Math.abs(lastsS - LASTS_S) < LASTS_S / 4) beeps.push({ atMs: beep.atMs, pitch });
        beep = null;
      }
    };
  }

  /** The page's microphone beeps from now on. */
  function speaks() {
    const context = new AudioContext({ sampleRate: RATE });
    const [out, level, tone] = [
      context.createMediaStreamDestination(),
      context.createGain(),
      context.createOscillator(),
    ];
    level.gain.value = 0;
    for (let beep = 0; beep < BEEPS; beep += 1) {
      const at = context.currentTime + (beep + 1) * EVERY_S;
      tone.frequency.setValueAtTime(LOWEST_HZ + (beep % PITCHES) * APART_HZ, at);
      level.gain.setValueAtTime(0.5, at);
      level.gain.setValueAtTime(0, at + LASTS_S);
    }
    tone.connect(level).connect(out);
    tone.start();
    navigator.mediaDevices.getUserMedia = async () => out.stream.clone();
    return true;
  }

  function ask(path) {
    const { consult, session } = JSON.parse(sessionStorage.getItem("hibiki.session"));
    return fetch(`/api/v1/replays/${consult}${path}`, { headers: { "hibiki-session": session } });
  }

  /** Packets of a recorded voice: moment in microseconds of the relay's clock, length, bytes (`relay/wire/src/replay.rs`). */
  function packetsOf(answer) {
    const [view, packets] = [new DataView(answer), []];
    for (let at = 0; at < answer.byteLength; ) {
      const length = view.getUint16(at + 8);
      packets.push({ us: Number(view.getBigUint64(at)), data: new Uint8Array(answer, at + 10, length) });
      at += 10 + length;
    }
    return packets;
  }

  async function beepsOf(track) {
    const packets = packetsOf(await (await ask(`/voices/${track}?from=0`)).arrayBuffer());
    const beeps = [];
    const hears = ear(beeps);
    const moments = packets.map(({ us }) => us);
    const decoder = new AudioDecoder({
      output(sound) {
        const fromMs = moments.shift() / 1_000;
        const samples = new Float32Array(sound.numberOfFrames);
        sound.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        sound.close();
        for (let at = 0; at < samples.length; at += PIECE)
          hears(fromMs + (at * 1_000) / RATE, samples.subarray(at, at + PIECE));
      },
      error(cause) {
        throw cause;
      },
    });
    decoder.configure({ codec: "opus", sampleRate: RATE, numberOfChannels: 2 });
    for (const { us, data } of packets)
      decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: us, data }));
    await decoder.flush();
    decoder.close();
    return beeps;
  }

  /** By the record itself: when each beep was spoken, and where the capture clock lies on the relay's. */
  async function told() {
    const about = await (await ask("")).json();
    const { entries } = await (await ask("/log?after=0")).json();
    const timings = entries
      .map(({ event }) => event)
      .filter(({ type }) => type === "streamTimed")
      .map(({ rtpTime, capturedRelay }) => ({ rtp: rtpTime, relayUs: capturedRelay }));
    // Where the page's slider begins (`viewer/src/replay/whole.ts`).
    const begins = entries.filter(({ at, event }) => begun.has(event.type) && at >= about.openedAt);
    const fromUs = Math.min(...begins.map(({ at }) => at));
    const beeps = (await Promise.all(about.voices.map(({ track }) => beepsOf(track)))).flat();
    return { fromUs, beeps, timings };
  }

  let analyser = null;
  /** From now on this page hears what it puts out. */
  function listens() {
    const { connect } = AudioNode.prototype;
    AudioNode.prototype.connect = function (to, ...rest) {
      if (to === this.context.destination) {
        if (analyser?.context !== this.context) {
          analyser = this.context.createAnalyser();
          analyser.fftSize = KEPT_SAMPLES;
        }
        connect.call(this, analyser);
      }
      return connect.call(this, to, ...rest);
    };
    return true;
  }

  /** What is heard in so many milliseconds, and when which frame came on the glass meanwhile; all by the page's clock. */
  async function heard(ms) {
    const [beeps, glass, pieces] = [[], [], []];
    const kept = new Float32Array(KEPT_SAMPLES);
    let until = null;
    /** The page's clock is ahead of the sound card's by the least that was ever seen: its time comes in steps. */
    let aheadMs = Number.POSITIVE_INFINITY;
    let shown = "";
    let isOver = false;
    const watch = () => {
      const canvas = document.querySelector("[data-testid=past-pane] canvas[data-rtp]");
      if (canvas && canvas.dataset.rtp !== shown) {
        shown = canvas.dataset.rtp;
        const read = window.hibikiBarcode.read(canvas);
        if (read) glass.push({ atMs: performance.now(), barcode: read });
      }
      if (!isOver) requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
    for (const end = performance.now() + ms; performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (analyser === null) continue;
      const seconds = analyser.context.currentTime;
      aheadMs = Math.min(aheadMs, performance.now() - seconds * 1_000);
      analyser.getFloatTimeDomainData(kept);
      const now = Math.round(seconds * RATE);
      const first = Math.max(now - KEPT_SAMPLES, until ?? now - PIECE);
      until = first + Math.floor((now - first) / PIECE) * PIECE;
      for (let at = first; at < until; at += PIECE) {
        const place = KEPT_SAMPLES - (now - at);
        pieces.push({ atMs: (at * 1_000) / RATE, samples: kept.slice(place, place + PIECE) });
      }
    }
    isOver = true;
    const hears = ear(beeps);
    for (const { atMs, samples } of pieces) hears(aheadMs + atMs, samples);
    return { beeps, glass };
  }

  return { speaks, told, listens, heard };
})();
