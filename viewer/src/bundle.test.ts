// Guards what is shipped: size, no outside hosts, nothing that a strict content security policy would refuse.

import { build, type Rolldown } from "vite";
import { beforeAll, expect, test, vi } from "vitest";

/** What a page on a weak link waits for before it can show anything. */
const INITIAL_JS_LIMIT_BYTES = 60_000;
/** What a page may come to when everything in it was used. */
const WHOLE_JS_LIMIT_BYTES = 120 * 1024;
/** What the page that replays a whole consult brings beside what others have; no consult ever loads it. */
const REPLAY_JS_LIMIT_BYTES = 22 * 1024;
/** The same for the library of cases, with the words of each clip's log. */
const CASES_JS_LIMIT_BYTES = 16 * 1024;
/** What bringing files adds, to the visiting physician's page only: half of it is a hash that no browser has. */
const BRING_JS_LIMIT_BYTES = 9 * 1024;
/** The device page comes from the device itself, and starts on a small computer. */
const DEVICE_JS_LIMIT_BYTES = 40 * 1024;
/** Building takes under a second; a busy machine may need more. */
const BUILD_LIMIT_MS = 60_000;

type File = Rolldown.OutputChunk | Rolldown.OutputAsset;
let files: File[] = [];
let device: File[] = [];

beforeAll(async () => {
  const built = async (mode: string): Promise<File[]> => {
    const outputs = await build({ mode, logLevel: "silent", build: { write: false } });
    return [outputs].flat().flatMap((output) => ("output" in output ? output.output : []));
  };
  // As it is shipped: what a test run calls itself would keep 3 KB for developers in every page.
  vi.stubEnv("NODE_ENV", "production");
  files = await built("production");
  device = await built("device");
  vi.unstubAllEnvs();
}, BUILD_LIMIT_MS);

const text = (file: File) => (file.type === "chunk" ? file.code : String(file.source));

async function gzipped(content: string): Promise<number> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

async function weight(scripts: readonly Rolldown.OutputChunk[]): Promise<number> {
  const sizes = await Promise.all(scripts.map(({ code }) => gzipped(code)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The scripts that the page names and all that they import at once; what comes later, on demand, is not part of it. */
function firstScripts(of: readonly File[]): Rolldown.OutputChunk[] {
  const scripts = new Map(chunks(of).map((chunk) => [chunk.fileName, chunk]));
  const pages = of.filter((file) => file.fileName.endsWith(".html")).map(text);
  const named = pages.flatMap((page) => [...page.matchAll(/<script[^>]* src="\/([^"]+)"/g)]);
  const first = new Set(
    named.map(([, name]) => scripts.get(name ?? "")).filter((chunk) => chunk !== undefined),
  );
  for (const chunk of first) {
    for (const name of chunk.imports) {
      const imported = scripts.get(name);
      if (imported !== undefined) first.add(imported);
    }
  }
  return [...first];
}

const isOfReplay = (chunk: Rolldown.OutputChunk) =>
  chunk.moduleIds.some((id) => /consult-replay|past-consults|src\/replay\//.test(id));

const isOfCases = (chunk: Rolldown.OutputChunk) =>
  chunk.moduleIds.some((id) =>
    /screens\/cases?\.|case-(?:clip|collections|form|frames|marks|numbers|player|words)/.test(id),
  );

const isOfBringing = (chunk: Rolldown.OutputChunk) =>
  chunk.moduleIds.some((id) => /parts\/bring\.|src\/files\//.test(id));

const chunks = (of: readonly File[]) =>
  of.filter((file): file is Rolldown.OutputChunk => file.type === "chunk");

test("the first page needs at most 60 KB of JavaScript", async () => {
  const total = await weight(firstScripts(files));
  expect(total).toBeGreaterThan(5_000);
  expect(total).toBeLessThanOrEqual(INITIAL_JS_LIMIT_BYTES);
});

test("the player comes later, and everything together needs at most 120 KB", async () => {
  expect(firstScripts(files).length).toBeLessThan(chunks(files).length);
  expect(
    firstScripts(files).some(
      ({ code }) => code.includes("createImageBitmap(") && code.includes("replay-pane"),
    ),
  ).toBe(false);
  const others = [isOfReplay, isOfCases, isOfBringing];
  const ofConsults = chunks(files).filter((chunk) => !others.some((isOf) => isOf(chunk)));
  expect(await weight(ofConsults)).toBeLessThanOrEqual(WHOLE_JS_LIMIT_BYTES);
});

test("bringing files comes with the visiting physician's page only", async () => {
  const brought = chunks(files).filter(isOfBringing);
  expect(firstScripts(files).some(isOfBringing)).toBe(false);
  expect(await weight(brought)).toBeGreaterThan(1_000);
  expect(await weight(brought)).toBeLessThanOrEqual(BRING_JS_LIMIT_BYTES);
});

test("the replay of a whole consult comes with its own page only", async () => {
  const ofReplay = chunks(files).filter(isOfReplay);
  expect(firstScripts(files).some(isOfReplay)).toBe(false);
  expect(await weight(ofReplay)).toBeLessThanOrEqual(REPLAY_JS_LIMIT_BYTES);
});

test("the library of cases comes with its own page only", async () => {
  const ofCases = chunks(files).filter(isOfCases);
  expect(firstScripts(files).some(isOfCases)).toBe(false);
  expect(await weight(ofCases)).toBeLessThanOrEqual(CASES_JS_LIMIT_BYTES);
});

test("the device page needs at most 40 KB, and its words are in no page of the relay", async () => {
  const total = await weight(firstScripts(device));
  expect(total).toBeGreaterThan(5_000);
  expect(total).toBeLessThanOrEqual(DEVICE_JS_LIMIT_BYTES);
  const all = (of: readonly File[]) => of.map(text).join("\n");
  expect(all(device)).toContain("trouble.noMask");
  expect(all(files)).not.toContain("trouble.noMask");
});

test("nothing in the bundle names another host", () => {
  // Names, not addresses that are fetched: an XML namespace and an RTP header extension.
  const names = ["http://www.w3.org/", "http://www.webrtc.org/experiments/rtp-hdrext/"];
  for (const file of [...files, ...device]) {
    const hosts = [...text(file).matchAll(/\b(?:https?|wss?):\/\/[\w.-]+[^\s"'`)]*/g)].map(
      (match) => match[0],
    );
    expect(
      hosts.filter((host) => !names.some((name) => host.startsWith(name))),
      file.fileName,
    ).toEqual([]);
  }
});

test.each(["index.html", "device.html"])("%s has no inline script, style or data address", (name) => {
  const its = name === "index.html" ? files : device;
  const page = its.find((file) => file.fileName === name);
  const html = page === undefined ? "" : text(page);
  expect(html).toContain("<script");
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  for (const file of its.filter((one) => one.fileName.endsWith(".css"))) {
    expect(text(file)).not.toMatch(/url\(\s*["']?(data|https?):/);
  }
});
