import { signal } from "@preact/signals";
import { expect, test, vi } from "vitest";
import type { Consult } from "../live/consult";
import { EMPTY, type Replica } from "../marks/replica";
import type { ConsentId } from "../wire/ids";
import type { RelayTime } from "../wire/units";
import type { VoiceRecording } from "../wire/voice";
import { VoiceConsents } from "./consent";

function fakeConsult() {
  const consult = {
    rights: signal({ recordVoice: true }),
    settings: signal({ voiceRecording: true }),
    current: signal(true),
    replica: signal<Replica>(EMPTY),
    voiceConsent: vi.fn((_: unknown) => true),
  };
  const holds = (voiceRecording: VoiceRecording) => {
    consult.replica.value = { ...EMPTY, state: { ...EMPTY.state, voiceRecording } };
  };
  return { ...consult, holds, as: consult as unknown as Consult };
}

const given = (consent: string): VoiceRecording => ({
  consent: { consent: consent as ConsentId, by: "patient", author: { type: "relay" }, at: 1 as RelayTime },
  written: true,
  kept: "kept",
});
const over: VoiceRecording = { consent: null, written: null, kept: "kept" };

test("a consent is said once with an id of its own, and stands when the log says so", () => {
  const consult = fakeConsult();
  const consents = new VoiceConsents(consult.as);
  consents.agree("family");
  expect(consult.voiceConsent.mock.calls).toEqual([
    [{ type: "consentToVoice", consent: expect.any(String), by: "family" }],
  ]);
  expect(consents.stage.value).toBe("open");
  consult.holds(given("a"));
  expect(consents.stage.value).toBe("given");
  consult.current.value = false;
  consult.current.value = true;
  expect(consult.voiceConsent).toHaveBeenCalledTimes(1);
  consents.close();
});

test("a withdrawal is said again after a lost link until the log has it, and never about another consent", () => {
  const consult = fakeConsult();
  const consents = new VoiceConsents(consult.as);
  consult.holds(given("a"));
  consult.current.value = false;
  consents.withdraw(true);
  expect(consents.stage.value).toBe("ending");
  expect(consult.voiceConsent).not.toHaveBeenCalled();
  consult.current.value = true;
  const said = { type: "withdrawVoiceConsent", consent: "a", discard: true };
  expect(consult.voiceConsent.mock.calls).toEqual([[said]]);
  consult.current.value = false;
  consult.current.value = true;
  expect(consult.voiceConsent).toHaveBeenCalledTimes(2);
  consult.holds(over);
  expect(consents.stage.value).toBe("open");
  consult.holds(given("b"));
  expect([consents.stage.value, consult.voiceConsent.mock.calls.length]).toEqual(["given", 2]);
  consents.close();
});

test("what was recorded can be removed where nothing may be recorded any more", () => {
  const consult = fakeConsult();
  const consents = new VoiceConsents(consult.as);
  consult.settings.value = { voiceRecording: false };
  expect(consents.isShown).toBe(false);
  consult.holds(over);
  expect([consents.isShown, consents.stage.value]).toEqual([true, "forbidden"]);
  consents.discard();
  expect(consult.voiceConsent.mock.calls).toEqual([[{ type: "discardVoice" }]]);
  consult.holds({ ...over, kept: "discarding" });
  expect(consents.stage.value).toBe("discarding");
  consult.rights.value = { recordVoice: false };
  expect(consents.isShown).toBe(false);
  consents.close();
});
