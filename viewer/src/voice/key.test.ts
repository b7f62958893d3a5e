import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePage } from "../../test/media";
import { type KeyedTalk, listenToKey } from "./key";
import type { TalkState } from "./talk";

let page: FakePage;
let stop: () => void = () => undefined;
beforeEach(() => {
  page = new FakePage();
  vi.stubGlobal("document", page);
  vi.stubGlobal("HTMLElement", class {});
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

const press = (type: "keydown" | "keyup", key = "t") =>
  page.dispatchEvent(Object.assign(new Event(type), { key, repeat: false }));

function talkWith(pushToTalk: boolean, muted: boolean): KeyedTalk {
  const held = signal(muted);
  const talk = {
    state: signal<TalkState>("on"),
    muted: held,
    pushToTalk: signal(pushToTalk),
    mute: (now: boolean) => {
      held.value = now;
    },
  };
  stop = listenToKey(talk);
  return talk;
}

test("T switches the microphone, and leaving the page changes nothing of it", () => {
  const talk = talkWith(false, false);
  press("keydown");
  press("keyup");
  expect(talk.muted.value).toBe(true);
  press("keydown");
  page.dispatchEvent(new Event("blur"));
  page.shows("hidden");
  expect(talk.muted.value).toBe(false);
});

test("while T is held the microphone is open, and not longer", () => {
  const talk = talkWith(true, true);
  press("keydown");
  expect(talk.muted.value).toBe(false);
  press("keyup", "a");
  expect(talk.muted.value).toBe(false);
  press("keyup");
  expect(talk.muted.value).toBe(true);
});

test.each(["blur", "hidden"])("a held T that is let go elsewhere leaves no hot microphone: %s", (how) => {
  const talk = talkWith(true, true);
  press("keydown");
  if (how === "blur") page.dispatchEvent(new Event("blur"));
  else page.shows("hidden");
  expect(talk.muted.value).toBe(true);
});
