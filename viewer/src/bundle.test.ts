// Guards what is shipped: size, no outside hosts, nothing that a strict content security policy would refuse.

import { build, type Rolldown } from "vite";
import { beforeAll, expect, test } from "vitest";

/** What a page on a weak link waits for before it can show anything. */
const INITIAL_JS_LIMIT_BYTES = 60 * 1024;
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
  files = await built("production");
  device = await built("device");
}, BUILD_LIMIT_MS);

const text = (file: File) => (file.type === "chunk" ? file.code : String(file.source));

async function gzipped(content: string): Promise<number> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

async function javascript(of: readonly File[]): Promise<number> {
  const first = of.filter((file) => file.type === "chunk" && !file.isDynamicEntry);
  const sizes = await Promise.all(first.map((file) => gzipped(text(file))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("the first page needs at most 60 KB of JavaScript", async () => {
  const total = await javascript(files);
  expect(total).toBeGreaterThan(5_000);
  expect(total).toBeLessThanOrEqual(INITIAL_JS_LIMIT_BYTES);
});

test("the device page needs at most 40 KB, and its words are in no page of the relay", async () => {
  const total = await javascript(device);
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
