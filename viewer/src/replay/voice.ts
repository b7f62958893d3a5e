// Recorded voices, heard at the moment that the clock says.
//
// Owns fetching packets ahead, decoding them (WebCodecs) and putting them on the sound card's time. The sound card has a time of its
// own: where the two drift apart by more than an ear hears, it is laid on the clock anew. Called by `player.ts`. Invariant:
// nothing sounds while the clock stands, and nothing at a speed at which a voice would be no voice.

import type { SessionId } from "../wire/ids";
import type { ReplayVoice } from "../wire/replay";
import type { Packet } from "./units";

/** Speeds at which a voice can be followed; its pitch goes with them. */
export const HEARD_FROM = 0.5;
export const HEARD_TO = 2;
/** Sound is decoded so far ahead. */
const AHEAD_US = 600_000;
/** Between a decision and its sound. */
const LEAD_S = 0.08;
/** Farther apart than this is heard as an echo or a delay. */
const DRIFT_S = 0.06;
/** Packets are asked for when fewer than this much is left. */
const FETCH_AHEAD_US = 20_000_000;

export type PacketsOf = (track: string, fromUs: number) => Promise<Packet[]>;

/** One voice: what is here of it, and how far it was given to its decoder. */
class Track {
  packets: Packet[] = [];
  /** All packets from here… */
  from = Number.POSITIVE_INFINITY;
  /** …to here are here. */
  until = Number.NEGATIVE_INFINITY;
  isFetching = false;
  next = 0;
  decoder: AudioDecoder | null = null;
  /** Moments of the packets in the decoder, in order: one packet comes out as one piece. */
  readonly inside: number[] = [];

  constructor(readonly about: ReplayVoice) {}

  spokenAt(us: number): boolean {
    return this.about.spoken.some(([from, until]) => from <= us && us < until);
  }
}

export class Voices {
  readonly #tracks: readonly Track[];
  #context: AudioContext | null = null;
  readonly #sounding = new Set<AudioBufferSourceNode>();
  /** Where the sound card's time lies on the clock. */
  #anchor: { readonly s: number; readonly us: number; readonly speed: number } | null = null;

  constructor(
    voices: readonly ReplayVoice[],
    readonly packetsOf: PacketsOf,
    readonly onFault: (cause: unknown) => void,
  ) {
    this.#tracks = voices.map((voice) => new Track(voice));
  }

  static get isSupported(): boolean {
    return typeof AudioDecoder !== "undefined" && typeof AudioContext !== "undefined";
  }

  /** Whose voice is to be heard at a moment. */
  speaking(us: number): ReadonlySet<SessionId> {
    return new Set(this.#tracks.filter((track) => track.spokenAt(us)).map((track) => track.about.session));
  }

  /** Once for each picture: `us` is the clock's moment; it stands, or runs at `speed`. */
  tick(us: number, isRunning: boolean, speed: number): void {
    if (this.#tracks.length === 0 || !Voices.isSupported) return;
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
      for (const track of this.#tracks) this.#aim(track, us + LEAD_S * 1e6 * speed);
    }
    for (const track of this.#tracks) this.#feed(track, us, us + AHEAD_US * speed);
  }

  /** Silence, until the next tick that runs. */
  hush(): void {
    this.#anchor = null;
    for (const node of this.#sounding) node.stop();
    this.#sounding.clear();
    for (const track of this.#tracks) {
      if (track.decoder !== null && track.decoder.state !== "closed") track.decoder.close();
      track.decoder = null;
      track.inside.length = 0;
    }
  }

  close(): void {
    this.hush();
    void this.#context?.close();
    this.#context = null;
  }

  #aim(track: Track, us: number): void {
    track.next = track.packets.findIndex((packet) => packet.atUs >= us);
    if (track.next < 0) track.next = track.packets.length;
  }

  #feed(track: Track, us: number, horizonUs: number): void {
    this.#fetch(track, us);
    for (;;) {
      const packet = track.packets[track.next];
      if (packet === undefined || packet.atUs > horizonUs) return;
      track.next += 1;
      if (packet.atUs < us) continue;
      track.decoder ??= this.#decoder(track);
      track.inside.push(packet.atUs);
      const { atUs: timestamp, bytes: data } = packet;
      track.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, data }));
    }
  }

  #fetch(track: Track, us: number): void {
    const isHere = us >= track.from && us <= track.until;
    const last = track.about.spoken.at(-1)?.[1] ?? 0;
    if (
      track.isFetching ||
      last <= us ||
      (isHere && (track.until >= last || track.until > us + FETCH_AHEAD_US))
    )
      return;
    track.isFetching = true;
    const from = isHere ? track.until : us;
    this.packetsOf(track.about.track, from)
      .then((packets) => {
        if (!isHere) {
          track.packets = [];
          track.from = from;
          track.next = 0;
        } else if (track.next > packets.length) {
          // What is over goes.
          track.packets.splice(0, track.next);
          track.from = us;
          track.next = 0;
        }
        track.packets.push(...packets);
        const end = packets.at(-1)?.atUs;
        track.until = end === undefined ? Number.POSITIVE_INFINITY : end + 1;
      }, this.onFault)
      .finally(() => {
        track.isFetching = false;
      });
  }

  #decoder(track: Track): AudioDecoder {
    const decoder = new AudioDecoder({
      output: (sound) => this.#sound(track, decoder, sound),
      error: (cause) => {
        if (track.decoder === decoder) track.decoder = null;
        track.inside.length = 0;
        this.onFault(cause);
      },
    });
    decoder.configure({ codec: "opus", sampleRate: 48_000, numberOfChannels: 2 });
    return decoder;
  }

  #sound(track: Track, decoder: AudioDecoder, sound: AudioData): void {
    const atUs = track.inside.shift();
    const [context, anchor] = [this.#context, this.#anchor];
    if (context === null || anchor === null || atUs === undefined || track.decoder !== decoder) {
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
    node.onended = () => this.#sounding.delete(node);
    this.#sounding.add(node);
    node.start(at);
  }
}
