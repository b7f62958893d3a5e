// Files that a person brings into the consult: chosen, kept in this browser where it can, and sent part by part.
//
// Owns the list, the order, and what a file is at. Nothing leaves before the person said that it belongs to this consult. A link
// that breaks, a relay that is away: it is tried again for as long as the page is there, from where the relay is. How a file is
// summed, kept and sent comes from outside. Called by the bedside page. Invariant: `kept` is the relay's word, never this page's.

import { signal } from "@preact/signals";
import { Backoff } from "../net/backoff";
import { ApiProblem } from "../net/http";
import type { Named, Uploads } from "../net/uploads";
import type { ClipToAgent } from "../wire/clip";
import { MAX_CLIP_BYTES, MAX_CLIP_PART_BYTES } from "../wire/constants";
import type { ConsultId } from "../wire/ids";
import type { Keeping, KeptFile } from "./keeping";
import type { Sum } from "./sum";

/** Files in the list: a card of a day's scanning has some hundred. */
export const MAX_BROUGHT = 500;
/** A part takes about so long: waiting for answers costs little then, and a cut little more. */
const PART_MS = 2_000;
/** The same beside a running picture, which needs the link first… */
const LIVE_PART_MS = 250;
/** …and the rest after it, so that files take a quarter of the time at most. */
const LIVE_REST = 3;
const LEAST_PART_BYTES = 64 * 1024;
const FIRST_PART_BYTES = 256 * 1024;
/** First and longest wait for a relay that is away. */
const AWAY_MS = [1_000, 30_000] as const;
/** Another place than where it went on, in a row: somebody else brings the same file. */
const MAX_ELSEWHERE = 8;

export type BringStage =
  /** In the list; nothing of it left. */
  | "chosen"
  | "reading"
  | "sending"
  /** The relay is away, or has no room; it is tried again. */
  | "waiting"
  /** At the hospital. */
  | "kept"
  /** At the hospital, beside another object of its number. */
  | "conflict"
  | "refused"
  | "unread"
  | "empty"
  | "tooLarge"
  /** This session may not bring it any more. */
  | "stopped";

export type BroughtFile = {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
  readonly written: number;
  readonly stage: BringStage;
  readonly sent: number;
  /** Whether this browser has it over a reload; nothing before that was tried. */
  readonly keptHere: boolean | null;
};

export type BringParts = {
  readonly consult: ConsultId;
  readonly keeping: Keeping;
  readonly uploads: Uploads;
  readonly sum: (file: Blob) => Promise<Sum>;
  /** Whether a picture needs the link. */
  readonly isLive: () => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
};

const OPEN: readonly BringStage[] = ["reading", "sending", "waiting"];

export class Bringing {
  /** In the order in which they came. */
  readonly files = signal<readonly BroughtFile[]>([]);
  /** More were chosen than are taken. */
  readonly tooMany = signal<boolean>(false);
  readonly #parts: BringParts;
  readonly #blobs = new Map<string, Blob>();
  readonly #sums = new Map<string, Sum>();
  readonly #backoff: Backoff;
  #running: Promise<void> | null = null;
  #stopped = false;
  #last = 0;
  #partBytes = FIRST_PART_BYTES;

  constructor(parts: BringParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(...AWAY_MS);
  }

  /** Goes on with what was not sent before a reload. */
  async begin(): Promise<void> {
    for (const kept of await this.#parts.keeping.of(this.#parts.consult)) this.#found(kept);
    this.#run();
  }

  /** No more is sent; what the browser keeps it keeps. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether closing the page loses something that was to be sent. */
  get wouldLose(): boolean {
    return this.files.peek().some(({ stage, keptHere }) => OPEN.includes(stage) && keptHere !== true);
  }

  /** Puts files in the list. */
  choose(files: readonly File[]): void {
    const room = MAX_BROUGHT - this.files.peek().length;
    this.tooMany.value = files.length > room;
    const added = files.slice(0, room).map((file) => {
      const { name, size, lastModified } = file;
      const stage = size === 0 ? "empty" : size > MAX_CLIP_BYTES ? "tooLarge" : "chosen";
      return this.#entry(file, { name, written: lastModified, stage, keptHere: null });
    });
    this.files.value = [...this.files.peek(), ...added];
  }

  /** The person said that all that are chosen belong to this consult. */
  send(): void {
    for (const { key, stage } of this.files.peek())
      if (stage === "chosen") this.#set(key, { stage: "reading" });
    this.#run();
  }

  /** Takes a file off the list that does not go, or has gone. */
  drop(key: string): void {
    const file = this.files.peek().find((one) => one.key === key);
    if (file === undefined || OPEN.includes(file.stage)) return;
    this.files.value = this.files.peek().filter((one) => one.key !== key);
    this.#blobs.delete(key);
    void this.#forget(key);
  }

  #found(kept: KeptFile): void {
    const { name, written, blob, clip, digest } = kept;
    const entry = this.#entry(blob, { name, written, stage: "waiting", keptHere: true });
    this.#sums.set(entry.key, { clip, digest });
    this.files.value = [...this.files.peek(), entry];
  }

  #entry(blob: Blob, of: Pick<BroughtFile, "name" | "written" | "stage" | "keptHere">): BroughtFile {
    this.#last += 1;
    const key = String(this.#last);
    this.#blobs.set(key, blob);
    return { ...of, key, bytes: blob.size, sent: 0 };
  }

  #run(): void {
    this.#running ??= this.#bringAll().finally(() => {
      this.#running = null;
    });
  }

  async #bringAll(): Promise<void> {
    for (;;) {
      const next = this.files.peek().find(({ stage }) => OPEN.includes(stage));
      if (next === undefined || this.#stopped) return;
      const stage = await this.#bring(next.key, next);
      this.#set(next.key, { stage });
      // What may still go stays here, also when this session may not bring it.
      if (stage === "kept" || stage === "conflict" || stage === "refused") {
        await this.#forget(next.key);
        this.#blobs.delete(next.key);
      }
    }
  }

  async #bring(key: string, file: BroughtFile): Promise<BringStage> {
    let blob = this.#blobs.get(key);
    if (blob === undefined) return "unread";
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      this.#set(key, { stage: "reading" });
      try {
        sum = await this.#parts.sum(blob);
      } catch {
        return "unread";
      }
      this.#sums.set(key, sum);
      blob = await this.#keep(key, file, blob, sum);
    }
    const named: Named = { ...sum, bytes: file.bytes, written: file.written };
    while (!this.#stopped) {
      try {
        const stage = await this.#carry(key, named, blob);
        if (stage !== "waiting") return stage;
      } catch (problem) {
        if (problem instanceof ApiProblem && isOver(problem)) return "stopped";
        // The browser does not say whether the link or the file failed.
        if (!(await canRead(blob))) return "unread";
      }
      this.#partBytes = Math.max(LEAST_PART_BYTES, this.#partBytes / 4);
      this.#set(key, { stage: "waiting" });
      await this.#parts.sleep(this.#backoff.next());
    }
    return "waiting";
  }

  /** Gives what is sent from now on: the browser's own copy, if there is one. */
  async #keep(key: string, { name, written }: BroughtFile, blob: Blob, sum: Sum): Promise<Blob> {
    const { consult, keeping } = this.#parts;
    const kept: KeptFile = { ...sum, key: keyOf(consult, sum), consult, name, written, at: Date.now(), blob };
    const copy = await keeping.put(kept);
    this.#set(key, { keptHere: copy !== null });
    this.#blobs.set(key, copy ?? blob);
    return copy ?? blob;
  }

  async #forget(key: string): Promise<void> {
    const sum = this.#sums.get(key);
    this.#sums.delete(key);
    if (sum !== undefined) await this.#parts.keeping.remove(keyOf(this.#parts.consult, sum));
  }

  /** From the offer to the end; `waiting` when it is to be tried again. */
  async #carry(key: string, named: Named, blob: Blob): Promise<BringStage> {
    const { uploads } = this.#parts;
    let word: ClipToAgent = await uploads.offer(named);
    let elsewhere = 0;
    for (;;) {
      if (word.type === "kept") return "kept";
      if (word.type === "keptBeside") return "conflict";
      if (word.type === "refused") return refusedFor(word.reason);
      elsewhere = word.type === "wanted" ? elsewhere + 1 : 0;
      const { offset } = word;
      this.#set(key, { stage: "sending", sent: offset });
      if (this.#stopped || elsewhere > MAX_ELSEWHERE || offset >= named.bytes) return "waiting";
      const most = this.#parts.isLive() ? LIVE_PART_MS : PART_MS;
      const bytes = blob.slice(offset, offset + this.#partBytes);
      const began = this.#parts.now();
      word = await uploads.part(named, offset, bytes);
      this.#backoff.succeeded();
      await this.#tookPart(bytes.size, this.#parts.now() - began, most);
    }
  }

  async #tookPart(bytes: number, ms: number, aimMs: number): Promise<void> {
    const fitting = (bytes * aimMs) / Math.max(ms, 1);
    const grown = Math.min(fitting, this.#partBytes * 2, MAX_CLIP_PART_BYTES);
    this.#partBytes = Math.max(LEAST_PART_BYTES, Math.floor(grown));
    if (this.#parts.isLive()) await this.#parts.sleep(ms * LIVE_REST);
  }

  #set(key: string, change: Partial<BroughtFile>): void {
    this.files.value = this.files.peek().map((one) => (one.key === key ? { ...one, ...change } : one));
  }
}

function keyOf(consult: ConsultId, { clip }: Sum): string {
  return `${consult}/${clip}`;
}

function refusedFor(reason: Extract<ClipToAgent, { type: "refused" }>["reason"]): BringStage {
  // It may have room later; what was altered on its way is sent again.
  return reason === "relayStorage" || reason === "altered" ? "waiting" : "refused";
}

async function canRead(blob: Blob): Promise<boolean> {
  return blob
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

/** Trying again is of no use. */
function isOver({ code }: ApiProblem): boolean {
  return ["noEntry", "sessionExpired", "notAllowed", "notFound", "wrongOrigin", "clipRefused"].includes(code);
}
