import { expect, test, vi } from "vitest";
import type { DeviceFile } from "../wire/device";
import { Fault } from "./agent";
import { MAX_PUT, Puts } from "./files";

const file = (name: string) => new File(["DICM"], name);
const safe = { clip: "1", new: true, stage: "safe" } as unknown as DeviceFile;
const stages = (puts: Puts) => puts.files.value.map(({ file: { name }, stage }) => `${name} ${stage}`);

test("files go one after the other, and one that is refused keeps none from going", async () => {
  const order: string[] = [];
  const puts = new Puts(async ({ name }) => {
    order.push(name);
    expect(puts.files.value.filter(({ stage }) => stage === "sending").length).toBe(1);
    if (name === "letter") throw new Fault("notDicom", "");
    return safe;
  }, vi.fn());
  puts.add([file("one"), file("letter"), file("two")]);
  await vi.waitFor(() => expect(stages(puts)).toEqual(["two safe", "letter refused", "one safe"]));
  expect(order).toEqual(["one", "letter", "two"]);
  expect(puts.files.value[1]?.fault).toBe("notDicom");
});

test("a refused file is put again when somebody asks for it", async () => {
  let isFull = true;
  const puts = new Puts(async () => {
    if (isFull) throw new Fault("noRoom", "");
    return safe;
  }, vi.fn());
  puts.add([file("one")]);
  await vi.waitFor(() => expect(stages(puts)).toEqual(["one refused"]));
  isFull = false;
  puts.again(puts.files.value[0]?.number ?? 0);
  await vi.waitFor(() => expect(stages(puts)).toEqual(["one safe"]));
});

test("what is beyond the bound is told, and nothing that waits falls off the list", async () => {
  const puts = new Puts(() => new Promise<DeviceFile>(() => {}), vi.fn());
  puts.add(Array.from({ length: MAX_PUT + 3 }, (_, number) => file(String(number))));
  expect(puts.files.value.length).toBe(MAX_PUT);
  expect(puts.tooMany.value).toBe(true);
});
