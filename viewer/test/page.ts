// A page for components that keep a state: as much of a document as Preact needs, in plain objects.
//
// Puts components on it, presses and types, and finds what stands there. Lays nothing out: a test says itself what a person sees
// (`Watched`). What is written into a field is as in a browser: `defaultValue` shows only where nobody typed.

import { type ComponentChildren, render } from "preact";
import { vi } from "vitest";

type Listener = (event: object) => unknown;

/** A picture that is here is on the page after this. */
const PAINT_MS = 5;

export class PageNode {
  parentNode: PageNode | null = null;
  childNodes: PageNode[] = [];
  data = "";
  style: Record<string, string> = {};
  readonly attributes = new Map<string, string>();
  readonly namespaceURI = "http://www.w3.org/1999/xhtml";
  /** Preact keeps listeners and its own tree on the element. */
  [more: string]: unknown;
  readonly #listeners = new Map<string, Listener>();
  #typed: string | null = null;

  constructor(
    readonly nodeType: 1 | 3,
    readonly localName: string,
  ) {
    if (localName === "img") {
      let src = "";
      Object.assign(this, { naturalWidth: 640, naturalHeight: 480 });
      Object.defineProperty(this, "src", {
        get: () => src,
        set: (value: string) => {
          src = value;
          setTimeout(() => this.does("load"), PAINT_MS);
        },
      });
    }
    if (localName !== "input") return;
    Object.assign(this, { defaultValue: "", checked: false });
    Object.defineProperty(this, "value", {
      get: () => this.#typed ?? (this["defaultValue"] as string),
      set: (value: unknown) => {
        this.#typed = value == null ? "" : String(value);
      },
    });
  }

  get firstChild(): PageNode | null {
    return this.childNodes[0] ?? null;
  }

  get nextSibling(): PageNode | null {
    const beside = this.parentNode?.childNodes ?? [];
    return beside[beside.indexOf(this) + 1] ?? null;
  }

  insertBefore(node: PageNode, before: PageNode | null): PageNode {
    node.parentNode?.removeChild(node);
    const place = before === null ? this.childNodes.length : this.childNodes.indexOf(before);
    this.childNodes.splice(place, 0, node);
    node.parentNode = this;
    return node;
  }

  appendChild(node: PageNode): PageNode {
    return this.insertBefore(node, null);
  }

  removeChild(node: PageNode): PageNode {
    this.childNodes = this.childNodes.filter((one) => one !== node);
    node.parentNode = null;
    return node;
  }

  remove(): void {
    this.parentNode?.removeChild(this);
  }

  contains(node: PageNode | null): boolean {
    return node !== null && (node === this || this.contains(node.parentNode));
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.#listeners.delete(type);
  }

  /** As the browser does it when a person does it. */
  does(type: string, about: object = {}): void {
    const event = { type, target: this, currentTarget: this, preventDefault: () => undefined, ...about };
    this.#listeners.get(type)?.call(this, event);
  }

  /** Whether the page scrolled here. */
  isScrolledTo = false;

  scrollIntoView(): void {
    this.isScrolledTo = true;
  }

  types(value: string): void {
    this["value"] = value;
    this.does("input");
  }

  get text(): string {
    return this.nodeType === 3 ? this.data : this.childNodes.map(({ text }) => text).join("");
  }

  /** An attribute, or a property that Preact wrote. */
  says(name: string): unknown {
    return this.attributes.get(name) ?? this[name];
  }

  /** All elements inside, in the order of the page. */
  get all(): PageNode[] {
    return this.childNodes.flatMap((node) => (node.nodeType === 1 ? [node, ...node.all] : []));
  }

  /** The elements of this tag, or with this `data-testid`. */
  find(name: string): PageNode[] {
    return this.all.filter((node) => node.localName === name || node.attributes.get("data-testid") === name);
  }

  one(name: string): PageNode {
    const [found] = this.find(name);
    if (found === undefined) throw new Error(`nothing on the page is ${name}`);
    return found;
  }
}

/** What is observed, and what of it a test lets a person see. */
export class Watched {
  static #open: Watched[] = [];
  readonly #observed = new Set<PageNode>();

  constructor(
    readonly tells: (seen: readonly { target: PageNode; isIntersecting: boolean }[]) => void,
    readonly how: { rootMargin?: string; threshold?: number } = {},
  ) {
    Watched.#open.push(this);
  }

  observe(node: PageNode): void {
    this.#observed.add(node);
  }

  unobserve(node: PageNode): void {
    this.#observed.delete(node);
  }

  disconnect(): void {
    this.#observed.clear();
    Watched.#open = Watched.#open.filter((one) => one !== this);
  }

  /** These come into view, or go out of it. */
  static see(nodes: readonly PageNode[], isIntersecting = true): void {
    for (const watch of [...Watched.#open]) {
      const seen = nodes.filter((node) => watch.#observed.has(node));
      if (seen.length > 0) watch.tells(seen.map((target) => ({ target, isIntersecting })));
    }
  }

  static forget(): void {
    Watched.#open = [];
  }
}

/** Puts a page into the globals; time is the test's. */
export function stubPage(): void {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { language: "ja-JP" });
  vi.stubGlobal("document", {
    documentElement: { lang: "" },
    createElementNS: (_: string, name: string) => new PageNode(1, name),
    createTextNode: (data: string) => Object.assign(new PageNode(3, ""), { data }),
  });
  vi.stubGlobal("requestAnimationFrame", (act: (now: number) => void) =>
    setTimeout(() => act(performance.now()), 16),
  );
  vi.stubGlobal("cancelAnimationFrame", (timer: number) => clearTimeout(timer));
  vi.stubGlobal("IntersectionObserver", Watched);
}

/** All that was put is taken away, and what it still had to do is done: Preact's queue is that of all tests. */
export async function leave(): Promise<void> {
  for (const root of roots.splice(0)) render(null, root as unknown as Element);
  await settled(1_000);
}

export async function unstubPage(): Promise<void> {
  await leave();
  Watched.forget();
  vi.useRealTimers();
  vi.unstubAllGlobals();
}

const roots: PageNode[] = [];

/** A component on a page of its own, in Japanese. */
export async function put(what: ComponentChildren): Promise<PageNode> {
  const root = new PageNode(1, "main");
  roots.push(root);
  // It asks the page for its language when it comes.
  (await import("../src/i18n/language")).language.value = "ja";
  render(what, root as unknown as Element);
  await settled();
  return root;
}

/** All that was asked for is answered and on the page. */
export async function settled(ms = 300): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}
