import { signal } from "@preact/signals";
import { type ComponentChildren, h } from "preact";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Element, elementsOf, wordsBy } from "../../test/words-of";
import { SPEEDS, type Span } from "../replay/clock";
import type { ConsultPlayer } from "../replay/player";
import { type Jump, jumpsOf, Story } from "../replay/story";
import type { LogEntry } from "../wire/log";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
afterAll(() => vi.unstubAllGlobals());
const { JumpLines } = await import("./consult-replay-jumps");
const { ReplayPeople } = await import("./consult-replay-people");
const { ReplayTransport } = await import("./consult-replay-controls");
const { ticksOf } = await import("./consult-replay-bar");

const BEGIN = 1_795_000_000_000_000;
const AUTHOR = {
  type: "person",
  session: "s",
  person: "p",
  name: "佐藤 花",
  initials: "佐",
  role: "trainer",
};

function storyOf(events: readonly object[]): Story {
  const entries = events.map((event, n) => ({ seq: n + 1, at: BEGIN + n * 1e6, author: AUTHOR, event }));
  return new Story(entries as unknown as LogEntry[]);
}

function buttons(page: ComponentChildren): Element[] {
  return elementsOf(page).filter(({ type }) => type === "button");
}

function presses(element: Element | undefined): void {
  const { onClick } = (element?.props ?? {}) as { onClick?: () => void };
  expect(onClick).toBeDefined();
  onClick?.();
}

describe("the list of what happened", () => {
  const jumps = jumpsOf(storyOf(Array.from({ length: 950 }, () => ({ type: "released", freeze: "f" }))));
  const jumped: Jump[] = [];
  const player = {
    moment: signal(null),
    jump: (jump: Jump) => jumped.push(jump),
  } as unknown as ConsultPlayer;
  let more = 0;
  const onMore = () => {
    more += 1;
  };
  const page = (portions: number) => h(JumpLines, { player, jumps, portions, onMore });

  test("says how much of it is shown, and gives the rest by a press", () => {
    expect(wordsBy("past-jump-count", page(1))).toEqual(["950 件のうち、はじめの 400 件"]);
    expect(buttons(page(1))).toHaveLength(401);
    expect(wordsBy("past-jumps-more", page(2))).toEqual(["つぎの 150 件も表示"]);
    presses(buttons(page(1)).at(-1));
    expect(more).toBe(1);
    expect(wordsBy("past-jumps-more", page(3))).toEqual([]);
    expect(wordsBy("past-jump-count", page(3))).toEqual(["950 件"]);
    presses(buttons(page(3)).at(-1));
    expect(jumped.map(({ index }) => index)).toEqual([949]);
  });

  test("stands over the whole bar, however long it is", () => {
    const ticks = ticksOf(jumps, (us) => ((us - BEGIN) / 949e6) * 1_000);
    expect(ticks.length).toBeLessThanOrEqual(501);
    expect(ticks.at(-1)?.index).toBeGreaterThan(940);
  });
});

test("how the picture arrived at somebody is told in the numbers of that moment", () => {
  const seen = { level: "good", ageMs: 84, fps: 30, kbps: 900, lossPercent: 0.1 };
  const story = storyOf([
    { type: "joined", session: "s", person: "p", name: "佐藤 花", role: "trainer", page: "consult" },
    { type: "linkSample", seen },
    { type: "linkSample", seen: { ...seen, level: "choppy", fps: 9, lossPercent: 4.25 } },
  ]);
  const at = (seconds: number) => {
    const player = { moment: signal(story.at(BEGIN + seconds * 1e6)), speaking: signal(new Set<never>()) };
    return wordsBy("people-link", h(ReplayPeople, { player }));
  };
  expect(at(0.5)).toEqual([]);
  expect(at(1.5)).toEqual(["● 届く映像: 良好 · 映像の遅れ 84 ms · 毎秒 30 コマ · 0.9 Mbit/s"]);
  expect(at(2.5)).toEqual([
    "▲ 届く映像: コマ落ち · 映像の遅れ 84 ms · 毎秒 9 コマ · 0.9 Mbit/s · 損失 4.3 %",
  ]);
});

describe("the controls", () => {
  const asked: unknown[] = [];
  const stretch = signal<Span | null>(null);
  const at = signal(BEGIN + 3e6);
  const player = {
    at,
    stretch,
    all: signal({ from: BEGIN, until: BEGIN + 10e6 }),
    speed: signal(1),
    playing: signal(false),
    about: signal(null),
    toggle: () => asked.push("toggle"),
    step: (by: number) => asked.push(by),
    setSpeed: (speed: number) => asked.push({ speed }),
    setStretch: (span: Span | null) => {
      stretch.value = span;
    },
  } as unknown as ConsultPlayer;
  const page = () => h(ReplayTransport, { player });
  const one = (testId: string) => elementsOf(page()).find(({ props }) => props["data-testid"] === testId);

  test("step on and back by one frame, and play", () => {
    for (const name of ["past-on", "past-back", "past-play"]) presses(one(name));
    expect(asked.splice(0)).toEqual([1, -1, "toggle"]);
  });

  test("offer every speed from a quarter to four times", () => {
    const speed = one("past-speed");
    const offered = elementsOf(speed).filter(({ type }) => type === "option");
    expect(offered.map(({ props }) => props["value"])).toEqual(SPEEDS);
    expect([SPEEDS[0], SPEEDS.at(-1)]).toEqual([0.25, 4]);
    const { onChange } = (speed?.props ?? {}) as { onChange?: (event: object) => void };
    for (const value of ["0.25", "4"]) onChange?.({ currentTarget: { value } });
    expect(asked.splice(0)).toEqual([{ speed: 0.25 }, { speed: 4 }]);
  });

  test("loop from here to there, until somebody ends it", () => {
    presses(one("past-loop-from"));
    expect(stretch.value).toEqual({ from: BEGIN + 3e6, until: BEGIN + 10e6 });
    at.value = BEGIN + 5e6;
    presses(one("past-loop-until"));
    expect(stretch.value).toEqual({ from: BEGIN + 3e6, until: BEGIN + 5e6 });
    at.value = BEGIN + 7e6;
    presses(one("past-loop-from"));
    expect(stretch.value, "its end lies before: it goes on to the end of all").toEqual({
      from: BEGIN + 7e6,
      until: BEGIN + 10e6,
    });
    at.value = BEGIN + 2e6;
    presses(one("past-loop-until"));
    expect(stretch.value).toEqual({ from: BEGIN, until: BEGIN + 2e6 });
    presses(one("past-loop-end"));
    expect(stretch.value).toBeNull();
    expect(one("past-loop-end")).toBeUndefined();
  });
});
