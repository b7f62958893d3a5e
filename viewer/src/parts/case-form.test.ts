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
    const answer = answers.get(new URL(path, "http://relay").pathname);
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
