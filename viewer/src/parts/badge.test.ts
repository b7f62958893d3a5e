import { signal } from "@preact/signals";
import { h } from "preact";
import { afterAll, describe, expect, test, vi } from "vitest";
import { wordsBy } from "../../test/words-of";
import type { Level } from "../live/quality";
import type { Watch } from "../live/watch";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { Badge } = await import("./badge");

function reduced(level: Level, low: boolean): string[] {
  const figures = { level, ageMs: 40, fps: 30, kbps: 350, lossPercent: 0, silentMs: 0 };
  const watch = { badge: signal(figures), consult: { low: signal(low) } } as unknown as Watch;
  return wordsBy("reduced", h(Badge, { watch, open: false, onPress: () => undefined }));
}

describe("the badge", () => {
  test("says in shape and words that this page gets the picture smaller, and nothing while it does not", () => {
    expect(reduced("good", true)).toEqual(["▽ 回線に合わせて縮小"]);
    expect(reduced("good", false)).toEqual([]);
  });

  test("says nothing of the size of a picture that is not there", () => {
    expect(reduced("none", true)).toEqual([]);
    expect(reduced("stopped", true)).toHaveLength(1);
  });
});
