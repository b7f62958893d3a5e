// A relay with recorded consults, and a browser's decoder and canvas, for players that run in virtual time.

import { vi } from "vitest";
import type { ReplayVoice } from "../src/wire/replay";

export const BEGIN_US = 1_795_000_000_000_000;
/** Between two frames: 25 a second, a key frame each second. */
export const STEP_US = 40_000;
const STEP_TICKS = 3_600;
const FRAMES_OF_KEY = 25;
const UNIT_HEAD_BYTES = 13;

/** Between two streams there is no picture for so long. */
const APART_US = 2_000_000;
/** Frames of a stream, when nothing else is said. */
const FRAMES = 500;

/** When a stream begins: the first at once, each other one after the one before. */
export function beginOf(stream: string): number {
  return BEGIN_US + STREAMS.indexOf(stream) * (FRAMES * STEP_US + APART_US);
}
const STREAMS = ["s", "t"];

/** The RTP time of a frame. */
export function rtpOf(frame: number, stream = "s"): number {
  return (firstOf(stream) + frame * STEP_TICKS) % 2 ** 32;
}

function firstOf(stream: string): number {
  return beginOf(stream) * 0.09;
}

/** One consult as the relay has it; a test changes it as it goes on. */
export class Recorded {
  frames = FRAMES;
  streams = ["s"];
  /** Moves of a pointer that are kept. */
  moves: object[] = [];
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  /** What is not to be had. */
  readonly broken = new Set<string>();
  voices: ReplayVoice[] = [];
  /** Of the log. */
  entries: object[] = [];
  closedAt: number | null = BEGIN_US + 3_600e6;
  /** While true, coded frames do not come. */
  isSlow = false;
  #waiting: (() => void)[] = [];

  answers(): void {
    this.isSlow = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async answer(consult: string, path: string, query: URLSearchParams): Promise<unknown> {
    this.asked.push(path);
    if (this.broken.has(path)) return Response.json({ code: "internal" }, { status: 500 });
    if (path === "") return this.#about(consult);
    if (path === "/log") {
      const after = Number(query.get("after"));
      return { entries: this.entries.slice(after), head: this.entries.length };
    }
    if (path === "/pointers") return { moves: this.moves, next: null };
    if (path.startsWith("/voices/")) return new ArrayBuffer(0);
    const [, stream = "", isUnits] = /^\/pictures\/(\w)(\/units)?$/.exec(path) ?? [];
    if (stream === "") throw new Error(`no such address: ${path}`);
    if (isUnits === undefined) return this.#table(stream);
    if (this.isSlow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#units(stream, Number(query.get("from")), Number(query.get("until")));
  }

  #about(consult: string) {
    const pictures = this.streams.map((stream) => {
      const first = firstOf(stream);
      const last = first + (this.frames - 1) * STEP_TICKS;
      return { stream, frames: this.frames, first, last, spoilt: 0, growing: false, wholeUntil: null };
    });
    return {
      consult,
      alias: consult,
      openedAt: BEGIN_US,
      closedAt: this.closedAt,
      head: this.entries.length,
      quickMarkSeconds: 3,
      pictures,
      voices: this.voices,
      pointers: this.moves.length,
    };
  }

  #table(stream: string) {
    const all = Array.from({ length: this.frames }, (_, index) => index);
    return {
      first: firstOf(stream),
      steps: all.map((index) => (index === 0 ? 0 : STEP_TICKS)),
      bytes: all.map(() => 4),
      keys: all.filter((index) => index % FRAMES_OF_KEY === 0),
      filled: [],
      codings: [{ from: 0, codec: "avc1.42c01f", width: 800, height: 600 }],
      next: null,
    };
  }

  #units(stream: string, from: number, until: number): ArrayBuffer {
    const all = Array.from({ length: this.frames }, (_, index) => firstOf(stream) + index * STEP_TICKS);
    const asked = all.filter((tick) => from <= tick && tick <= until);
    const size = UNIT_HEAD_BYTES + 4;
    const view = new DataView(new ArrayBuffer(asked.length * size));
    asked.forEach((tick, place) => {
      view.setUint32(place * size, Math.floor(tick / 2 ** 32));
      view.setUint32(place * size + 4, tick % 2 ** 32);
      view.setUint32(place * size + 8, 4);
    });
    return view.buffer;
  }
}

/** A decoder that gives each frame out at once. */
export class FakeDecoder {
  /** Made and not closed. */
  static open = 0;
  static isConfigSupported = () => Promise.resolve({ supported: true });
  state = "unconfigured";
  decodeQueueSize = 0;
  constructor(readonly about: { output: (frame: object) => void }) {
    FakeDecoder.open += 1;
  }
  configure(): void {
    this.state = "configured";
  }
  decode({ timestamp }: { timestamp: number }): void {
    queueMicrotask(() => {
      if (this.state === "configured") this.about.output({ timestamp, close: () => undefined });
    });
  }
  reset(): void {
    this.state = "unconfigured";
  }
  flush = () => Promise.resolve();
  close(): void {
    this.state = "closed";
    FakeDecoder.open -= 1;
  }
}

/** Puts all of it into the globals, with these consults at the relay. */
export function stubReplays(consults: ReadonlyMap<string, Recorded>): void {
  vi.useFakeTimers();
  vi.stubGlobal("document", {
    createElement: () => ({
      width: 0,
      height: 0,
      dataset: {},
      getContext: () => ({ drawImage: () => undefined }),
    }),
  });
  vi.stubGlobal("requestAnimationFrame", (act: () => void) => setTimeout(act, 16));
  vi.stubGlobal("cancelAnimationFrame", (timer: number) => clearTimeout(timer));
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal(
    "EncodedVideoChunk",
    class {
      constructor(chunk: object) {
        Object.assign(this, chunk);
      }
    },
  );
  vi.stubGlobal("createImageBitmap", () =>
    Promise.resolve({ width: 800, height: 600, close: () => undefined }),
  );
  vi.stubGlobal("fetch", async (path: string) => {
    const { pathname, searchParams } = new URL(path, "http://relay");
    const [, consult = "", rest = ""] = /^\/api\/v1\/replays\/([^/]+)(.*)$/.exec(pathname) ?? [];
    const body = await consults.get(consult)?.answer(consult, rest, searchParams);
    if (body === undefined) return Response.json({ code: "notFound" }, { status: 404 });
    if (body instanceof Response) return body;
    return body instanceof ArrayBuffer ? new Response(body) : Response.json(body);
  });
}

export function unstubReplays(): void {
  vi.useRealTimers();
  vi.unstubAllGlobals();
}
