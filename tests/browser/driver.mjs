// Drives one headless Chromium for the stories and the bench.
//
// Owns: the browser, its contexts and pages, and the translation of one JSON line on stdin ({id, op, ...}) into one
// JSON line on stdout ({id, ok} or {id, error}). It knows nothing of Hibiki; what a page means is said in Rust.
// Callers: tests/src/browser.rs. Invariant: when stdin ends, the browser and everything it started end too.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { chromiumPath } from "./chromium.mjs";

/** Console lines kept per page: enough to read a failure, bounded for pages that shout. */
const MAX_CONSOLE_LINES = 400;
/** Longest a single browser action may take before it is reported as failed, in milliseconds. */
const ACTION_TIMEOUT_MS = 15_000;
/** Pause between two questions of `until`: a fraction of the shortest limit that a story states. */
const ASK_EVERY_MS = 15;
/** Longest time that a page is left alone with a question: a page that hangs is found out by then. */
const ASK_FOR_MS = 1_000;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Pages in the background are people at other desks: they must not be slowed down.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-features=WebRtcHideLocalIpsWithMdns,CalculateNativeWinOcclusion",
  "--renderer-process-limit=1",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // A story's TURN server has a certificate that nobody signed; pages come over plain HTTP on loopback.
  "--ignore-certificate-errors",
];

const witness = readFileSync(new URL("./witness.js", import.meta.url), "utf8");
const barcode = readFileSync(new URL("./barcode.js", import.meta.url), "utf8");

const browser = await chromium.launch({
  executablePath: chromiumPath(),
  headless: true,
  args: FLAGS,
});
const contexts = new Map();
const pages = new Map();
let nextId = 1;

function found(map, id, what) {
  const it = map.get(id);
  if (!it) throw new Error(`no such ${what}: ${id}`);
  return it;
}

function listen(page) {
  const lines = [];
  const note = (kind, text) => {
    if (lines.length < MAX_CONSOLE_LINES) lines.push({ kind, text });
  };
  // What could not be loaded is told by its address, which the words leave out.
  page.on("console", (m) => note(m.type(), m.type() === "error" ? `${m.text()} (${m.location().url})` : m.text()));
  page.on("pageerror", (e) => note("pageerror", String(e?.stack ?? e)));
  page.on("crash", () => note("pageerror", "the page crashed"));
  return lines;
}

const FIND = { timeout: ACTION_TIMEOUT_MS };

/** A pen, a finger or a mouse: `steps` are {type: down|move|up, x, y} in CSS pixels. */
async function pointer(page, { kind, steps, paceMs }) {
  if (kind === "mouse") {
    for (const s of steps) {
      if (s.type === "move") await page.mouse.move(s.x, s.y);
      else if (s.type === "down") await page.mouse.down();
      else await page.mouse.up();
      if (paceMs) await new Promise((r) => setTimeout(r, paceMs));
    }
    return;
  }
  const cdp = await page.context().newCDPSession(page);
  const type = { down: "mousePressed", move: "mouseMoved", up: "mouseReleased" };
  let pressed = false;
  for (const s of steps) {
    if (s.type === "down") pressed = true;
    const buttons = pressed && s.type !== "up" ? 1 : 0;
    await cdp.send("Input.dispatchMouseEvent", {
      type: type[s.type],
      x: s.x,
      y: s.y,
      button: pressed ? "left" : "none",
      buttons,
      clickCount: 1,
      pointerType: kind,
      force: buttons ? 0.5 : 0,
    });
    if (s.type === "up") pressed = false;
    if (paceMs) await new Promise((r) => setTimeout(r, paceMs));
  }
  await cdp.detach();
}

/** `fn` is the source of a function of one argument; a page takes both as one expression. */
const call = (fn, arg) => `(${fn})(${JSON.stringify(arg ?? null)})`;

/** Asks in the page again and again until the answer is true, or for so long; one message each way, because a question in a
 * message of its own costs more than what it looks at. */
const asking = (fn, arg, forMs) => `(async () => {
  const end = performance.now() + ${forMs};
  for (;;) {
    const answer = await ${call(fn, arg)};
    if (answer || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, ${ASK_EVERY_MS}));
  }
})()`;

/** Not `waitForFunction`: that one evaluates strings inside the page, which a content security policy refuses. A page that is
 * just being loaded has no answer yet. */
async function until(page, { fn, arg, timeoutMs }) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const forMs = Math.max(0, Math.min(ASK_FOR_MS, end - Date.now()));
    const answer = await page.evaluate(asking(fn, arg, forMs)).catch(async (e) => {
      if (!/navigation|context was destroyed/i.test(String(e))) throw e;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
      return null;
    });
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)} after ${timeoutMs} ms`);
  }
}

const ops = {
  async context({ viewport, locale, touch, storage }) {
    const context = await browser.newContext({
      viewport: viewport ?? { width: 1280, height: 800 },
      deviceScaleFactor: 1,
      locale: locale ?? "ja-JP",
      hasTouch: touch ?? false,
      permissions: ["camera", "microphone"],
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    await context.addInitScript({ content: barcode });
    await context.addInitScript({ content: witness });
    // Settings that a person chose on an earlier visit; what they choose in this one stays.
    await context.addInitScript((kept) => {
      try {
        for (const [key, value] of Object.entries(kept)) {
          if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
        }
      } catch {
        // An empty page has no storage.
      }
    }, storage ?? {});
    const id = nextId++;
    contexts.set(id, context);
    return id;
  },
  async page({ context }) {
    const page = await found(contexts, context, "context").newPage();
    const id = nextId++;
    pages.set(id, { page, lines: listen(page) });
    return id;
  },
  async goto({ page, url }) {
    const answer = await found(pages, page, "page").page.goto(url, { waitUntil: "domcontentloaded" });
    return answer?.status() ?? null;
  },
  async reload({ page }) {
    await found(pages, page, "page").page.reload({ waitUntil: "domcontentloaded" });
  },
  resize: ({ page, width, height }) => found(pages, page, "page").page.setViewportSize({ width, height }),
  eval: ({ page, fn, arg }) => found(pages, page, "page").page.evaluate(call(fn, arg)),
  until: ({ page, ...rest }) => until(found(pages, page, "page").page, rest),
  click: ({ page, target, force }) =>
    found(pages, page, "page")
      .page.locator(target)
      .first()
      .click({ ...FIND, force: force ?? false }),
  fill: ({ page, target, text }) => found(pages, page, "page").page.locator(target).first().fill(text, FIND),
  select: ({ page, target, value }) =>
    found(pages, page, "page").page.locator(target).first().selectOption(value, FIND),
  press: ({ page, key }) => found(pages, page, "page").page.keyboard.press(key),
  type: ({ page, text }) => found(pages, page, "page").page.keyboard.type(text),
  wheel: ({ page, dx, dy }) => found(pages, page, "page").page.mouse.wheel(dx, dy),
  pointer: ({ page, ...rest }) => pointer(found(pages, page, "page").page, rest),
  text: ({ page, target }) =>
    found(pages, page, "page")
      .page.locator(target ?? "body")
      .first()
      .innerText(FIND),
  count: ({ page, target }) => found(pages, page, "page").page.locator(target).count(),
  box: ({ page, target }) => found(pages, page, "page").page.locator(target).first().boundingBox(FIND),
  visible: ({ page, target, timeoutMs }) =>
    found(pages, page, "page").page.locator(target).first().waitFor({ state: "visible", timeout: timeoutMs }),
  gone: ({ page, target, timeoutMs }) =>
    found(pages, page, "page").page.locator(target).first().waitFor({ state: "hidden", timeout: timeoutMs }),
  async screenshot({ page, path }) {
    await found(pages, page, "page").page.screenshot({ path, animations: "disabled" });
  },
  aria: ({ page, target }) =>
    found(pages, page, "page")
      .page.locator(target ?? "body")
      .ariaSnapshot(FIND),
  async axe({ page, tags }) {
    const { page: looked } = found(pages, page, "page");
    // Our pages have no frames of other origins, for which axe's own wrapper opens a second page and loads itself again.
    if (await looked.evaluate(() => window.axe === undefined)) await looked.evaluate(axe.source);
    // Nothing plays by itself with sound, so nothing needs to be loaded first; of what passes one element is enough.
    const result = await looked.evaluate(
      (values) =>
        window.axe.run({
          runOnly: { type: "tag", values },
          preload: false,
          resultTypes: ["violations", "incomplete"],
        }),
      tags,
    );
    const short = (v) => ({
      rule: v.id,
      help: v.help,
      nodes: v.nodes.map((n) => `${n.target.join(" ")}: ${n.failureSummary ?? ""}`),
    });
    return {
      violations: result.violations.map(short),
      passes: result.passes.map((p) => p.id),
      undecided: result.incomplete.map(short),
    };
  },
  console: ({ page }) => found(pages, page, "page").lines,
  async offline({ context, offline }) {
    await found(contexts, context, "context").setOffline(offline);
  },
  async close({ page }) {
    const { page: p } = found(pages, page, "page");
    pages.delete(page);
    await p.close();
  },
  async closeContext({ context }) {
    const it = found(contexts, context, "context");
    contexts.delete(context);
    await it.close();
  },
};

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function answer(line) {
  let id = null;
  try {
    const { id: from, op, ...rest } = JSON.parse(line);
    id = from;
    const act = ops[op];
    if (!act) throw new Error(`no such operation: ${op}`);
    say({ id, ok: (await act(rest)) ?? null });
  } catch (e) {
    say({ id, error: String(e?.message ?? e) });
  }
}

// The caller may be gone before its last answer; the closing input then ends everything.
process.stdout.on("error", () => {});

const input = createInterface({ input: process.stdin });
input.on("line", (line) => void answer(line));
input.on("close", async () => {
  await browser.close().catch(() => {});
  process.exit(0);
});
browser.on("disconnected", () => process.exit(1));
say({ ready: browser.version() });
