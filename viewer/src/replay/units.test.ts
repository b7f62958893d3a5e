import { expect, test } from "vitest";
import { UNIT_FILLED, UNIT_KEYFRAME, UNIT_SPOILT } from "../wire/constants";
import { readPackets, readUnits } from "./units";

const TICK = 161_550_000_003_000;

function unit(tick: number, flags: number, length: number): number[] {
  const view = new DataView(new ArrayBuffer(13));
  view.setBigUint64(0, BigInt(tick));
  view.setUint32(8, length);
  view.setUint8(12, flags);
  return [...new Uint8Array(view.buffer), ...Array.from({ length }, (_, n) => n)];
}

function buffer(bytes: readonly number[]): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

test("units come out as the relay wrote them", () => {
  const bytes = [...unit(TICK, UNIT_KEYFRAME | UNIT_FILLED, 5), ...unit(TICK + 3_000, UNIT_SPOILT, 0)];
  const [first, second, ...rest] = readUnits(buffer(bytes));
  expect(first).toMatchObject({ tick: TICK, isKey: true, isFilled: true });
  expect([...(first?.bytes ?? [])]).toEqual([0, 1, 2, 3, 4]);
  expect(second).toMatchObject({ tick: TICK + 3_000, isKey: false, bytes: null });
  expect(rest).toEqual([]);
});

test("an answer that is cut anywhere gives what is whole of it", () => {
  const whole = [...unit(TICK, 0, 5), ...unit(TICK + 1, 0, 9)];
  for (let end = 0; end < whole.length; end += 1)
    expect(readUnits(buffer(whole.slice(0, end))).length).toBe(end < 18 ? 0 : 1);
  expect(readUnits(buffer([...unit(TICK, 0, 5).slice(0, 8), 255, 255, 255, 255, 0]))).toEqual([]);
});

test("packets of a voice come out as the relay wrote them", () => {
  const view = new DataView(new ArrayBuffer(10));
  view.setBigUint64(0, 1_795_000_000_000_000n);
  view.setUint16(8, 2);
  const bytes = [...new Uint8Array(view.buffer), 7, 8];
  const [packet, ...rest] = readPackets(buffer([...bytes, 1, 2, 3]));
  expect(packet?.atUs).toBe(1_795_000_000_000_000);
  expect([...(packet?.bytes ?? [])]).toEqual([7, 8]);
  expect(rest).toEqual([]);
});
