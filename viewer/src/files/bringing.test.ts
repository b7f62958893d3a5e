import { expect, test, vi } from "vitest";
import { ApiProblem } from "../net/http";
import type { Named, Uploads } from "../net/uploads";
import type { ClipGap, ClipToAgent } from "../wire/clip";
import type { ClipId, ConsultId } from "../wire/ids";
import { Bringing, type BringParts } from "./bringing";
import type { Keeping, KeptFile } from "./keeping";

const CONSULT = "c" as ConsultId;

/** A relay over a link that can be cut, and a browser's database; the name of a file is its clip. */
class World {
  readonly kept = new Map<string, KeptFile>();
  readonly here = new Map<ClipId, string>();
  readonly parts: number[] = [];
  readonly rests: number[] = [];
  refuses: ClipGap | null = null;
  /** Another object has its number. */
  isBeside = false;
  isAway = false;
  keeps = true;
  isLive = false;
  /** The link is cut in the middle of so many parts. */
  cuts = 0;
  clock = 0;

  #word({ clip, bytes }: Named): ClipToAgent {
    const offset = this.here.get(clip)?.length ?? 0;
    if (this.refuses !== null) return { type: "refused", clip, reason: this.refuses };
    const kept = this.isBeside ? "keptBeside" : "kept";
    return offset === bytes ? { type: kept, clip } : { type: "wanted", clip, offset };
  }

  readonly uploads: Uploads = {
    offer: async (file) => {
      if (this.isAway) throw new ApiProblem("unreachable", "");
      return this.#word(file);
    },
    part: async (file, offset, part) => {
      const came = await part.text();
      this.parts.push(part.size);
      // A thousand bytes take a millisecond.
      this.clock += part.size / 1_000;
      const cut = this.cuts > 0;
      this.cuts -= cut ? 1 : 0;
      const taken = cut ? came.slice(0, came.length / 2) : came;
      expect(this.here.get(file.clip)?.length ?? 0).toBe(offset);
      this.here.set(file.clip, (this.here.get(file.clip) ?? "") + taken);
      if (cut) throw new ApiProblem("unreachable", "");
      const word = this.#word(file);
      return word.type === "wanted" ? { ...word, type: "durable" } : word;
    },
  };

  readonly keeping: Keeping = {
    of: async () => [...this.kept.values()],
    put: async (file) => {
      if (!this.keeps) return null;
      this.kept.set(file.key, file);
      return file.blob;
    },
    remove: async (key) => void this.kept.delete(key),
  };

  page(): Bringing {
    const parts: BringParts = {
      consult: CONSULT,
      keeping: this.keeping,
      uploads: this.uploads,
      sum: async (file) => ({ clip: (file as File).name as ClipId, digest: "" }),
      isLive: () => this.isLive,
      sleep: (ms) => {
        this.rests.push(ms);
        return new Promise((done) => setTimeout(done, 0));
      },
      now: () => this.clock,
    };
    return new Bringing(parts);
  }
}

const file = (name: string, length = 1_000_000) => new File(["x".repeat(length)], name);
const stages = (page: Bringing) => page.files.value.map(({ name, stage }) => `${name} ${stage}`);

test("nothing leaves before the person says that it belongs here, and then it goes whole", async () => {
  const world = new World();
  const page = world.page();
  page.choose([file("one"), file("two"), file("none", 0)]);
  await page.begin();
  expect([world.here.size, world.kept.size]).toEqual([0, 0]);
  expect(stages(page)).toEqual(["one chosen", "two chosen", "none empty"]);
  page.drop(page.files.value[1]?.key ?? "");
  page.send();
  await vi.waitFor(() => expect(stages(page)).toEqual(["one kept", "none empty"]));
  expect(world.here.get("one" as ClipId)).toBe("x".repeat(1_000_000));
  expect(world.kept.size, "the relay has it").toBe(0);
});

test("a link that is cut costs what was on its way, and a relay that is away some time", async () => {
  const world = new World();
  world.cuts = 3;
  world.isAway = true;
  const page = world.page();
  page.choose([file("one")]);
  page.send();
  await vi.waitFor(() => expect(stages(page)).toEqual(["one waiting"]));
  expect(page.wouldLose, "the browser has it").toBe(false);
  world.isAway = false;
  await vi.waitFor(() => expect(stages(page)).toEqual(["one kept"]));
  expect(world.here.get("one" as ClipId)?.length).toBe(1_000_000);
});

test("after a reload what was not sent goes on from where the relay is, without the person", async () => {
  const world = new World();
  world.isAway = true;
  const before = world.page();
  before.choose([file("one")]);
  before.send();
  await vi.waitFor(() => expect(stages(before)).toEqual(["one waiting"]));
  before.stop();
  world.isAway = false;
  world.here.set("one" as ClipId, "x".repeat(400_000));
  const after = world.page();
  await after.begin();
  await vi.waitFor(() => expect(stages(after)).toEqual(["one kept"]));
  expect(world.parts.reduce((sum, part) => sum + part)).toBe(600_000);
});

test("a browser that keeps nothing is told, because then closing the page would lose it", async () => {
  const world = new World();
  world.keeps = false;
  world.isAway = true;
  const page = world.page();
  page.choose([file("one")]);
  page.send();
  await vi.waitFor(() => expect(page.files.value[0]?.keptHere).toBe(false));
  expect(page.wouldLose).toBe(true);
});

test("another object of its number is told, and both are at the hospital", async () => {
  const world = new World();
  world.isBeside = true;
  const page = world.page();
  page.choose([file("one")]);
  page.send();
  await vi.waitFor(() => expect(stages(page)).toEqual(["one conflict"]));
  expect(world.kept.size, "nothing has to stay in the browser").toBe(0);
});

test("a refusal for good ends, and a full disk over there does not", async () => {
  for (const [reason, ends] of [
    ["refused", "refused"],
    ["relayStorage", "waiting"],
  ] as const) {
    const world = new World();
    world.refuses = reason;
    const page = world.page();
    page.choose([file("one")]);
    page.send();
    await vi.waitFor(() => expect(stages(page)).toEqual([`one ${ends}`]));
    expect(world.kept.size === 1, reason).toBe(ends === "waiting");
    page.stop();
  }
});

test("beside a running picture parts are short, and the link rests three times as long", async () => {
  const world = new World();
  world.isLive = true;
  const page = world.page();
  page.choose([file("one", 4_000_000)]);
  page.send();
  await vi.waitFor(() => expect(stages(page)).toEqual(["one kept"]));
  expect(Math.max(...world.parts.slice(1)), "250 ms").toBeLessThanOrEqual(262_144);
  expect(world.rests.length).toBe(world.parts.length);
  const rested = world.rests.reduce((sum, rest) => sum + rest, 0);
  expect(rested).toBeCloseTo(3 * 4_000);
});
