import { h } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type PageNode, put, settled, stubPage, unstubPage } from "../../test/page";
import type { SessionGrant } from "../wire/http";

const GRANT = { session: "me" } as SessionGrant;
const OPENED = 1_795_000_000_000_000;

let answers: Map<string, unknown>;
let asked: string[];

beforeEach(() => {
  stubPage();
  asked = [];
  answers = new Map<string, unknown>([
    ["/api/v1/replays", { consults: [consult("one")], more: false }],
    ["/api/v1/case-sources/one", { clips: [clip("a"), clip("b")] }],
  ]);
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    const { pathname, search } = new URL(path, "http://relay");
    const answer = answers.get(pathname + search) ?? answers.get(pathname);
    return answer === undefined
      ? Response.json({ code: "notFound" }, { status: 404 })
      : Response.json(answer);
  });
});

afterEach(unstubPage);

function consult(name: string, openedAt = OPENED, closedAt: number | null = OPENED + 1) {
  return { consult: name, alias: name, openedAt, closedAt, people: [], views: [], findings: [] };
}

function clip(name: string) {
  return { clip: name, frames: 30, coding: "jpeg", takenAt: OPENED, view: null };
}

async function opened(): Promise<PageNode> {
  const { CaseForm } = await import("./case-form");
  const root = await put(h(CaseForm, { grant: GRANT }));
  root.one("case-new").does("click");
  await settled();
  return root;
}

function until(page: PageNode): PageNode {
  const [found] = page.find("input").filter((field) => field.says("name") === "until");
  if (found === undefined) throw new Error("nobody is asked until when");
  return found;
}

test("the day until which the patient agreed stays as it was typed, whatever else changes", async () => {
  const page = await opened();
  expect(until(page)["value"]).toMatch(/^\d{4}-\d\d-\d\d$/);
  until(page).types("2031-02-03");
  const [first] = page.one("case-sources").find("input");
  first?.does("change");
  await settled();
  expect(page.one("case-sources").text).toContain("1 / 20");
  expect(until(page)["value"]).toBe("2031-02-03");
});

test("a consult that is not among the newest is found among the older ones, and no other than those that are over", async () => {
  const newest = Array.from({ length: 50 }, (_, place) => consult(`new ${place}`, OPENED - place));
  answers.set("/api/v1/replays?over=true", { consults: newest, more: true });
  const before = `/api/v1/replays?before=${OPENED - 49}&over=true`;
  answers.set(before, { consults: [consult("oldest", OPENED - 50)], more: false });
  answers.set("/api/v1/case-sources/new%200", { clips: [clip("a")] });
  const page = await opened();
  const offered = () =>
    page
      .find("select")[0]
      ?.find("option")
      .map((one) => one.says("value")) ?? [];
  expect(offered()).toHaveLength(50);
  page.one("case-consult-older").does("click");
  await settled();
  expect(offered()).toHaveLength(51);
  expect(offered().at(-1)).toBe("oldest");
  expect(page.find("case-consult-older")).toEqual([]);
  expect(
    asked.filter((path) => path.startsWith("/api/v1/replays")).every((path) => path.includes("over=true")),
  ).toBe(true);
});

test("consults are gone to by a day, and the clips are those of the one that is found", async () => {
  const page = await opened();
  const day = new Date(2026, 9, 1);
  const before = (day.getTime() + 24 * 3_600_000) * 1_000;
  answers.set(`/api/v1/replays?before=${before}&over=true`, { consults: [consult("autumn")], more: false });
  answers.set("/api/v1/case-sources/autumn", { clips: [clip("c")] });
  page.one("case-consult-until")["value"] = "2026-10-01";
  page.one("case-consult-until").does("change");
  await settled();
  const ofAutumn = asked.filter((path) => path.includes("/autumn"));
  expect(ofAutumn).toEqual(["", "/clips/c/picture"].map((path) => `/api/v1/case-sources/autumn${path}`));
});
