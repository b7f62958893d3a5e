// The binary answers of a replay, read: access units and voice packets.
//
// Pure. The form is `relay/wire/src/replay.rs`. Called by `source.ts` and `voice.ts`. Invariant: what is cut short at the end is left
// out; lengths are believed only as far as there are bytes.

import { UNIT_FILLED, UNIT_KEYFRAME, UNIT_SPOILT } from "../wire/constants";

/** One access unit. */
export type Unit = {
  /** Moment on the capture clock, in ticks. */
  readonly tick: number;
  readonly isKey: boolean;
  readonly isFilled: boolean;
  /** In Annex B; null where the recording is damaged. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
};

/** One packet of a voice. */
export type Packet = {
  /** Microseconds of the relay's clock. */
  readonly atUs: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

const UNIT_HEAD_BYTES = 13;
const PACKET_HEAD_BYTES = 10;

export function readUnits(answer: ArrayBuffer): Unit[] {
  const view = new DataView(answer);
  const units: Unit[] = [];
  let place = 0;
  while (place + UNIT_HEAD_BYTES <= answer.byteLength) {
    const length = view.getUint32(place + 8);
    const flags = view.getUint8(place + 12);
    const begin = place + UNIT_HEAD_BYTES;
    if (begin + length > answer.byteLength) break;
    units.push({
      tick: wide(view, place),
      isKey: (flags & UNIT_KEYFRAME) !== 0,
      isFilled: (flags & UNIT_FILLED) !== 0,
      bytes: (flags & UNIT_SPOILT) === 0 ? new Uint8Array(answer, begin, length) : null,
    });
    place = begin + length;
  }
  return units;
}

export function readPackets(answer: ArrayBuffer): Packet[] {
  const view = new DataView(answer);
  const packets: Packet[] = [];
  let place = 0;
  while (place + PACKET_HEAD_BYTES <= answer.byteLength) {
    const length = view.getUint16(place + 8);
    const begin = place + PACKET_HEAD_BYTES;
    if (begin + length > answer.byteLength) break;
    packets.push({ atUs: wide(view, place), bytes: new Uint8Array(answer, begin, length) });
    place = begin + length;
  }
  return packets;
}

/** Ticks and microseconds since 1970 stay below 2^53. */
function wide(view: DataView, place: number): number {
  return view.getUint32(place) * 2 ** 32 + view.getUint32(place + 4);
}
