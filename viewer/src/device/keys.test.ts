import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";

/** As much of an element as the keys ask for. */
class FakeElement {
  constructor(readonly kind: "body" | "button" | "field") {}
  matches(selectors: string): boolean {
    const selector = this.kind === "field" ? "input[type=text]" : this.kind;
    return selectors.split(", ").includes(selector);
  }
}

class KeyEvent extends Event {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey = false;
  readonly altKey = false;
  readonly repeat: boolean;

  constructor(key: string, { ctrlKey = false, repeat = false }: Partial<KeyboardEvent> = {}) {
    super("keydown", { cancelable: true });
    this.key = key;
    this.ctrlKey = ctrlKey;
    this.repeat = repeat;
  }
}

// The page: events reach it as they do from a keyboard and from a USB foot switch, which is one.
const page = new EventTarget();
const BODY = new FakeElement("body");
const kept = new Map<string, string>();
vi.stubGlobal("HTMLElement", FakeElement);
vi.stubGlobal("document", { body: BODY });
vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
vi.stubGlobal("localStorage", {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
});
afterAll(() => vi.unstubAllGlobals());
const { actOf, footKeys, learning, listenToKeys, setFootKey } = await import("./keys");

const NONE = { freeze: null, save: null };

test("space and F freeze, S and Enter save", () => {
  expect([" ", "f", "F"].map((key) => actOf(key, false, NONE))).toEqual(["freeze", "freeze", "freeze"]);
  expect(["s", "Enter"].map((key) => actOf(key, false, NONE))).toEqual(["save", "save"]);
  expect(actOf("x", false, NONE)).toBeNull();
});

test("a button that has the focus keeps its own keys", () => {
  expect([" ", "Enter", "f"].map((key) => actOf(key, true, NONE))).toEqual([null, null, "freeze"]);
});

test("a foot switch works with whatever key it sends, wherever the focus is", () => {
  const foot = { freeze: "b", save: "Enter" };
  expect(actOf("b", true, foot)).toBe("freeze");
  expect(actOf("Enter", true, foot)).toBe("save");
});

describe("a page that listens", () => {
  let acts: string[];
  let stop: () => void;

  beforeEach(() => {
    acts = [];
    footKeys.value = NONE;
    learning.value = null;
    kept.clear();
    stop = listenToKeys((act) => acts.push(act));
    return () => stop();
  });

  /** Presses a key where the focus is; true when it was taken from the browser. */
  function press(key: string, more: Partial<KeyboardEvent> = {}, at: FakeElement = BODY): boolean {
    const event = new KeyEvent(key, more);
    Object.defineProperty(event, "target", { value: at });
    return !page.dispatchEvent(event);
  }

  test("does what the key says and takes it from the browser, so that nothing scrolls", () => {
    expect([press(" "), press("s"), press("x")]).toEqual([true, true, false]);
    expect(acts).toEqual(["freeze", "save"]);
  });

  test("leaves keys to who is typing and to the browser, and a key that is held acts once", () => {
    expect(press("s", {}, new FakeElement("field"))).toBe(false);
    expect(press("s", { ctrlKey: true })).toBe(false);
    press("f");
    press("f", { repeat: true });
    expect(acts).toEqual(["freeze"]);
  });

  test("leaves space and Enter to the button that has the focus, but not the foot switch", () => {
    const button = new FakeElement("button");
    expect([press(" ", {}, button), press("Enter", {}, button)]).toEqual([false, false]);
    setFootKey("save", "Enter");
    expect(press("Enter", {}, button)).toBe(true);
    expect(acts).toEqual(["save"]);
  });

  test("learns the key that the foot switch sends, without doing anything yet, and keeps it", () => {
    learning.value = "save";
    expect(press("b", {}, new FakeElement("button"))).toBe(true);
    expect([acts, learning.value, footKeys.value]).toEqual([[], null, { freeze: null, save: "b" }]);
    expect([...kept.values()].map((words) => JSON.parse(words))).toEqual([{ freeze: null, save: "b" }]);
    press("b");
    expect(acts).toEqual(["save"]);
    // The keys that everybody has go on.
    press("f");
    expect(acts).toEqual(["save", "freeze"]);
  });

  test("gives up learning with Escape, and keeps the key learned before", () => {
    setFootKey("freeze", "b");
    learning.value = "freeze";
    expect(press("Escape")).toBe(true);
    expect([learning.value, footKeys.value.freeze, acts]).toEqual([null, "b", []]);
  });

  test("hears no key once it stops", () => {
    stop();
    expect(press("f")).toBe(false);
    expect(acts).toEqual([]);
  });
});

test("a key learned before is there when the page is opened again, and what is no key is not", async () => {
  const opened = async (words: string) => {
    kept.set("hibiki.footSwitch", words);
    vi.resetModules();
    return (await import("./keys")).footKeys.value;
  };
  expect(await opened('{"freeze":"b","save":7}')).toEqual({ freeze: "b", save: null });
  expect(await opened("broken")).toEqual(NONE);
});
