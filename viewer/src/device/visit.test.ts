import { h } from "preact";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { wordsOf } from "../../test/words-of";
import type { DeviceState } from "../wire/device";
import type { DevicePatient, DeviceScheduled, DeviceWorklist } from "../wire/visit";

// The words are in the language of the browser.
vi.stubGlobal("navigator", { language: "ja-JP" });
vi.stubGlobal("document", { documentElement: { lang: "" } });
const { Visits, nameOf, readingOf } = await import("./visit");
const { VisitPart } = await import("./visit-part");
afterAll(() => vi.unstubAllGlobals());

const nobody: DevicePatient = {
  id: null,
  name: null,
  nameIdeographic: null,
  namePhonetic: null,
  birthDate: null,
  sex: null,
  accessionNumber: null,
};
const yamada: DevicePatient = {
  ...nobody,
  id: "P-1",
  name: "Yamada^Tarou",
  nameIdeographic: "山田^太郎",
  namePhonetic: "やまだ^たろう",
  birthDate: "1941-02-28",
};
const entry: DeviceScheduled = { key: "A-17", time: "09:30", step: "TTE", patient: yamada };
const list: DeviceWorklist = { list: 3, day: "20261127", entries: [entry], unreadable: 1, more: false };

/** What was asked of the agent, and what it answers. */
const asked: string[] = [];
let answer: () => Response;
beforeEach(() => {
  asked.length = 0;
  answer = () => Response.json(list);
  vi.stubGlobal("fetch", async (path: string, { method, body }: RequestInit) => {
    asked.push(`${method} ${path} ${body ?? ""}`.trim());
    return answer();
  });
});

async function confirming() {
  const visits = new Visits();
  await visits.ask();
  visits.choose(entry);
  return visits;
}

test("nobody is set before a person looked at exactly that patient", async () => {
  const visits = await confirming();
  expect(visits.step.value.type).toBe("confirming");
  expect(asked).toEqual(["GET /api/v1/worklist"]);
  answer = () => new Response(null, { status: 204 });
  await visits.confirm();
  expect(asked[1]).toBe('PUT /api/v1/visit {"list":3,"key":"A-17"}');
  expect(visits.step.value).toEqual({ type: "set", patient: yamada });
  // Pressed twice.
  await visits.confirm();
  expect(asked.length).toBe(2);
});

test("whoever goes back comes to the list, and from there to rest", async () => {
  const visits = await confirming();
  visits.back();
  expect(visits.step.value).toEqual({ type: "listed", list });
  visits.back();
  expect(visits.step.value.type).toBe("resting");
  expect(asked.length).toBe(1);
});

test("while the hospital is asked nobody asks again, and what went wrong is told with what to do", async () => {
  const visits = new Visits();
  answer = () => Response.json({ code: "worklistAway", detail: "the peer says nothing" }, { status: 502 });
  const first = visits.ask();
  await visits.ask();
  await first;
  expect(asked.length).toBe(1);
  expect(visits.step.value).toEqual({
    type: "failed",
    fault: "worklistAway",
    detail: "the peer says nothing",
  });
  const words = wordsOf(h(VisitPart, { visits, state: { worklist: true, visit: null } as DeviceState }));
  expect(words).toContain("病院のネットワークにつながっているか確かめ");
  expect(words).toContain("the peer says nothing");
});

test("a patient is told by name, reading, number, birth date and sex", async () => {
  expect([nameOf(yamada), readingOf(yamada)]).toEqual(["山田 太郎", "やまだ たろう"]);
  expect([nameOf({ ...nobody, name: "Sato^Ritsuko^^Dr" }), readingOf(nobody)]).toEqual([
    "Sato Ritsuko Dr",
    "",
  ]);
  expect(nameOf({ ...nobody, id: "P-9" })).toBe("P-9");
  const visits = new Visits();
  await visits.ask();
  const words = wordsOf(h(VisitPart, { visits, state: { worklist: true, visit: null } as DeviceState }));
  for (const word of [
    "09:30",
    "山田 太郎",
    "やまだ たろう",
    "P-1",
    "1941年2月28日",
    "TTE",
    "読めない予約が 1 件",
  ])
    expect(words).toContain(word);
});

test("without a worklist there is nothing of it, and with one it says which patient is set", () => {
  const visits = new Visits();
  const part = (state: Partial<DeviceState>) =>
    wordsOf(h(VisitPart, { visits, state: state as DeviceState }));
  expect(part({ worklist: false, visit: yamada })).toBe("");
  expect(part({ worklist: true, visit: yamada })).toContain("山田 太郎");
  expect(part({ worklist: true, visit: null })).toContain("患者はまだ決まっていません");
});
