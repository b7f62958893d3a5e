import { expect, test } from "vitest";
import { match, pathFor, replayPath } from "./router";
import type { ConsultId } from "./wire/ids";

const ID = "0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44";

test("addresses lead to their pages", () => {
  expect(match("/")).toEqual({ page: "entry" });
  expect(match(`/consults/${ID}`)).toEqual({ page: "consult", consult: ID });
  expect(match(`/consults/${ID}/replay`)).toEqual({ page: "replay", consult: ID });
  expect(match(replayPath(ID as ConsultId))).toEqual({ page: "replay", consult: ID });
  expect(match(`/visits/${ID}/`)).toEqual({ page: "bedside", consult: ID });
  expect(match("/check")).toEqual({ page: "ways" });
});

test("anything else is missing, never a guess", () => {
  for (const path of [
    "/consults/",
    `/consults/${ID.toUpperCase()}`,
    `/consults/${ID}/x`,
    `/rooms/${ID}`,
    "/consults/1",
  ]) {
    expect(match(path), path).toEqual({ page: "missing" });
  }
});

test("the visiting physician works at the bedside, all others in the consult", () => {
  expect(pathFor("visitingPhysician", ID as ConsultId)).toBe(`/visits/${ID}`);
  for (const role of ["cardiologist", "trainer", "trainee", "observer"] as const) {
    expect(match(pathFor(role, ID as ConsultId))).toEqual({ page: "consult", consult: ID });
  }
});
