// A sound card and a decoder of voices that tests can look into: what was put on the card's time, and when it is heard.

import { vi } from "vitest";

/** A piece that was put on the card's time. */
export type Piece = {
  /** What was in the packet. */
  readonly says: number;
  readonly startS: number;
  readonly rate: number;
  stoppedS: number;
};

class FakeNode {
  buffer: { says: number } | null = null;
  readonly playbackRate = { value: 1 };
  onended: (() => void) | null = null;
  #piece: Piece | null = null;
  constructor(readonly card: SoundCard) {}
  connect(): void {}
  start(startS: number): void {
    if (startS < this.card.currentTime) throw new Error("it is over");
    const says = this.buffer?.says ?? -1;
    this.#piece = { says, startS, rate: this.playbackRate.value, stoppedS: Number.POSITIVE_INFINITY };
    this.card.pieces.push(this.#piece);
  }
  stop(): void {
    if (this.#piece !== null) this.#piece.stoppedS = this.card.currentTime;
  }
}

export class SoundCard {
  static last: SoundCard;
  readonly pieces: Piece[] = [];
  readonly destination = {};
  state = "running";
  currentTime = 0;
  constructor() {
    SoundCard.last = this;
  }
  createBuffer() {
    const buffer = {
      says: -1,
      copyToChannel: ([says = -1]: Float32Array) => Object.assign(buffer, { says }),
    };
    return buffer;
  }
  createBufferSource(): FakeNode {
    return new FakeNode(this);
  }
  resume = () => Promise.resolve();
  close = () => Promise.resolve();
}

class FakeAudioDecoder {
  state = "configured";
  constructor(readonly about: { output: (sound: object) => void }) {}
  configure(): void {}
  decode({ data }: { data: Uint8Array }): void {
    const says = new DataView(data.buffer).getUint32(0);
    const copyTo = (plane: Float32Array) => plane.fill(says);
    const sound = {
      numberOfChannels: 1,
      numberOfFrames: 960,
      sampleRate: 48_000,
      copyTo,
      close: () => undefined,
    };
    queueMicrotask(() => this.about.output(sound));
  }
  close(): void {
    this.state = "closed";
  }
}

/** What a packet holds, so that it can be told where it comes out. */
export function saying(number: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

export function stubSound(): void {
  vi.stubGlobal("AudioContext", SoundCard);
  vi.stubGlobal("AudioDecoder", FakeAudioDecoder);
  vi.stubGlobal(
    "EncodedAudioChunk",
    class {
      constructor(chunk: object) {
        Object.assign(this, chunk);
      }
    },
  );
}
