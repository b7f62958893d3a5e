// Recorded voices, heard at the moment that the clock says.
//
// Owns decoding packets (WebCodecs) and putting them on the sound card's time. The sound card has a time of its own: where the two
// drift apart by more than an ear hears, it is laid on the clock anew. Called by `player.ts`. Invariants: nothing sounds while the
// clock stands, nothing at a speed at which a voice would be no voice, and nothing of a voice that is there no more.

import type { SessionId } from "../wire/ids";
import type { ReplayVoice } from "../wire/replay";
import { type PacketsOf, VoicePackets } from "./voice-packets";

/** Speeds at which a voice can be followed; its pitch goes with them. */
export const HEARD_FROM = 0.5;
export const HEARD_TO = 2;
/** Farther apart than this is heard as an echo or a delay. */
export const DRIFT_S = 0.06;
/** Sound is decoded so far ahead. */
const AHEAD_US = 600_000;
/** Between a decision and its sound. */
const LEAD_S = 0.08;

/** Where the sound card's time lies on the clock. */
type Anchor = { readonly s: number; readonly us: number; readonly speed: number };

/** One voice: what is here of it, how far it was given to its decoder, and what of it sounds. */
class Track {
  /** What is before this moment was given to the decoder, or is over. */
  fedUs = 0;
  decoder: AudioDecoder | null = null;
  /** Moments of the packets in the decoder, in order: one packet comes out as one piece. */
  readonly inside: number[] = [];
  readonly sounding = new Set<AudioBufferSourceNode>();

  constructor(readonly packets: VoicePackets) {}

  hush(): void {
    for (const node of this.sounding) node.stop();
    this.sounding.clear();
    if (this.decoder !== null && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.inside.length = 0;
  }
}

export class Voices {
  #tracks: ReadonlyMap<string, Track> = new Map();
  #context: AudioContext | null = null;
  #anchor: Anchor | null = null;

  constructor(
    readonly packetsOf: PacketsOf,
    readonly onFault: (cause: unknown) => void,
  ) {}

  static get isSupported(): boolean {
    return typeof AudioDecoder !== "undefined" && typeof AudioContext !== "undefined";
  }

  /** What there is now: one that goes on is heard on, one that was discarded is silent at once. */
  take(voices: readonly ReplayVoice[]): void {
    const tracks = new Map<string, Track>();
    for (const about of voices) {
      const held =
        this.#tracks.get(about.track) ?? new Track(new VoicePackets(about, this.packetsOf, this.onFault));
      held.packets.about = about;
      tracks.set(about.track, held);
    }
    for (const [name, track] of this.#tracks) if (!tracks.has(name)) track.hush();
    this.#tracks = tracks;
  }

  /** Whose voice is to be heard at a moment. */
  speaking(us: number): ReadonlySet<SessionId> {
    const speaking = [...this.#tracks.values()].filter(({ packets }) => packets.spokenAt(us));
    return new Set(speaking.map(({ packets }) => packets.about.session));
  }

  /** Once for each picture: `us` is the clock's moment; it stands, or runs at `speed`. */
  tick(us: number, isRunning: boolean, speed: number): void {
    if (this.#tracks.size === 0 || !Voices.isSupported) return;
    if (!isRunning || speed < HEARD_FROM || speed > HEARD_TO) {
      this.hush();
      return;
    }
    this.#context ??= new AudioContext({ sampleRate: 48_000 });
    const context = this.#context;
    if (context.state === "suspended") void context.resume();
    const anchor = this.#anchor;
    const drift =
      anchor === null
        ? Number.POSITIVE_INFINITY
        : Math.abs(anchor.us + (context.currentTime - anchor.s) * 1e6 * speed - us) / 1e6 / speed;
    if (anchor?.speed !== speed || drift > DRIFT_S) {
      this.hush();
      this.#anchor = { s: context.currentTime, us, speed };
    }
    for (const track of this.#tracks.values()) this.#feed(track, us, speed);
  }

  /** Silence, until the next tick that runs. */
  hush(): void {
    this.#anchor = null;
    for (const track of this.#tracks.values()) {
      track.hush();
      track.fedUs = 0;
    }
  }

  close(): void {
    this.hush();
    void this.#context?.close();
    this.#context = null;
  }

  #feed(track: Track, us: number, speed: number): void {
    const { packets } = track;
    packets.want(us);
    const untilUs = us + AHEAD_US * speed;
    // One that comes anew may lie close ahead: its first sounds would be late.
    const fromUs = Math.max(track.fedUs, us + (track.decoder === null ? LEAD_S * 1e6 * speed : 0));
    for (const { atUs: timestamp, bytes: data } of packets.between(fromUs, untilUs)) {
      track.decoder ??= this.#decoder(track);
      track.inside.push(timestamp);
      track.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, data }));
      track.fedUs = timestamp + 1;
    }
  }

  #decoder(track: Track): AudioDecoder {
    const decoder = new AudioDecoder({
      output: (sound) => this.#sound(track, decoder, sound),
      error: (cause) => {
        if (track.decoder !== decoder) return;
        track.decoder = null;
        track.inside.length = 0;
        this.onFault(cause);
      },
    });
    decoder.configure({ codec: "opus", sampleRate: 48_000, numberOfChannels: 2 });
    return decoder;
  }

  #sound(track: Track, decoder: AudioDecoder, sound: AudioData): void {
    const [context, anchor] = [this.#context, this.#anchor];
    const isOurs = track.decoder === decoder;
    const atUs = isOurs ? track.inside.shift() : undefined;
    if (context === null || anchor === null || atUs === undefined) {
      sound.close();
      return;
    }
    const buffer = context.createBuffer(sound.numberOfChannels, sound.numberOfFrames, sound.sampleRate);
    for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
      const plane = new Float32Array(sound.numberOfFrames);
      sound.copyTo(plane, { planeIndex: channel, format: "f32-planar" });
      buffer.copyToChannel(plane, channel);
    }
    sound.close();
    const at = anchor.s + (atUs - anchor.us) / 1e6 / anchor.speed;
    if (at < context.currentTime) return;
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.playbackRate.value = anchor.speed;
    node.connect(context.destination);
    node.onended = () => track.sounding.delete(node);
    track.sounding.add(node);
    node.start(at);
  }
}
