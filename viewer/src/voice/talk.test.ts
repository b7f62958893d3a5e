import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeAudio, FakePeer, FakeTrack, type Media, stubMedia } from "../../test/media";
import type { Consult } from "../live/consult";
import { EMPTY, type Replica } from "../marks/replica";
import type { Link } from "../net/socket";
import { microphone as chosenMicrophone } from "../settings";
import type { ConsentId, SessionId } from "../wire/ids";
import type { RelayTime } from "../wire/units";
import type { VoiceState } from "../wire/voice";
import { Talk } from "./talk";

const ME = "me" as SessionId;
let media: Media;
const talks: Talk[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  media = stubMedia();
  chosenMicrophone.value = "";
});
afterEach(() => {
  for (const talk of talks.splice(0)) talk.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What of a consult a voice looks at. */
function fakeConsult() {
  const consult = {
    grant: { consult: "c", session: ME },
    rights: signal({ speak: true }),
    link: signal<Link>({ state: "open" }),
    voices: signal<ReadonlyMap<SessionId, VoiceState>>(new Map()),
    muteVoice: vi.fn(),
    replica: signal<Replica>(EMPTY),
  };
  const records = (consent: string) => {
    const given = {
      consent: consent as ConsentId,
      by: "patient",
      author: { type: "relay" },
      at: 1 as RelayTime,
    } as const;
    const voiceRecording = { consent: given, written: true, kept: "kept" } as const;
    consult.replica.value = { ...EMPTY, state: { ...EMPTY.state, voiceRecording } };
  };
  const hears = (own: VoiceState | null, others = 0) => {
    const all = Array.from({ length: others }, (_, n): [SessionId, VoiceState] => [
      `other${n}` as SessionId,
      "quiet",
    ]);
    consult.voices.value = new Map(own === null ? all : [[ME, own], ...all]);
  };
  return { ...consult, hears, records, as: consult as unknown as Consult };
}

function talkIn(consult: { as: Consult }): Talk {
  const talk = new Talk(consult.as);
  talks.push(talk);
  return talk;
}

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Joined and connected. */
async function talking(consult: ReturnType<typeof fakeConsult>): Promise<Talk> {
  const talk = talkIn(consult);
  await talk.join();
  await passes(0);
  FakePeer.newest.becomes("connected");
  consult.hears("quiet");
  return talk;
}

const sends = (peer: FakePeer) => peer.transceivers.some(({ direction }) => direction === "sendonly");

test("a reconnection plays the voices anew, leaves no old seat and raises no alarm", async () => {
  const talk = await talking(fakeConsult());
  FakePeer.newest.brings("1", new FakeTrack());
  FakePeer.newest.brings("6", new FakeTrack());
  await passes(0);
  FakePeer.newest.becomes("failed");
  await passes(1_000);
  FakePeer.newest.becomes("connected");
  FakePeer.newest.brings("1", new FakeTrack());
  await passes(300);
  expect(FakeAudio.all.map(({ paused }) => paused)).toEqual([true, true, false]);
  expect(talk.trouble.value).toBeNull();
});

test.each([
  ["mute", "muted"],
  ["usePushToTalk", "hold"],
] as const)("a reload after %s comes back with a closed microphone", async (how, kept) => {
  const talk = await talking(fakeConsult());
  talk[how](true);
  expect([...media.kept.values()]).toEqual([kept]);
  talk.close();
  const again = talkIn(fakeConsult());
  await passes(0);
  expect(media.tracks.at(-1)?.enabled).toBe(false);
  expect([again.muted.value, again.pushToTalk.value]).toEqual([true, how === "usePushToTalk"]);
});

test("a reload into a recording that the tab did not show comes back muted, into a known one as it was", async () => {
  const before = fakeConsult();
  const talk = await talking(before);
  before.records("first");
  talk.close();
  const comesBack = async (consent: string) => {
    const consult = fakeConsult();
    consult.records(consent);
    const again = talkIn(consult);
    await passes(0);
    const { enabled } = media.tracks.at(-1) ?? {};
    again.close();
    return enabled;
  };
  expect(await comesBack("first")).toBe(true);
  expect(await comesBack("second")).toBe(false);
});

test("a voice that was on is on after a reload, and one that left stays out", async () => {
  const talk = await talking(fakeConsult());
  talk.close();
  const again = talkIn(fakeConsult());
  await passes(0);
  expect([again.state.value, media.tracks.at(-1)?.enabled]).toEqual(["joining", true]);
  again.leave();
  expect(talkIn(fakeConsult()).state.value).toBe("off");
});

test("a seventh voice listens, says so, and tries again at a touch", async () => {
  const consult = fakeConsult();
  consult.hears(null, 6);
  media.relay.refuses("POST", "tooMany", 503);
  const talk = talkIn(consult);
  await talk.join();
  await passes(50);
  expect(FakePeer.all.map(sends)).toEqual([true, false]);
  FakePeer.newest.becomes("connected");
  expect([talk.state.value, talk.trouble.value]).toEqual(["on", "full"]);
  await passes(60_000);
  expect(media.relay.count("POST")).toBe(2);

  await talk.restore();
  await passes(50);
  FakePeer.newest.becomes("connected");
  expect(sends(FakePeer.newest)).toBe(true);
  expect(talk.trouble.value).toBeNull();
});

test("no place because the own connection of before is not gone yet is asked for again", async () => {
  const consult = fakeConsult();
  consult.hears("quiet", 5);
  media.relay.refuses("POST", "tooMany", 503);
  const talk = talkIn(consult);
  await talk.join();
  await passes(3_000);
  expect(FakePeer.all.map(sends)).toEqual([true, true]);
  FakePeer.newest.becomes("connected");
  expect(talk.trouble.value).toBeNull();
});

test("with the link to the relay the voice is back at once", async () => {
  const consult = fakeConsult();
  await talking(consult);
  for (let round = 0; round < 6; round += 1) media.relay.refuses("POST", "internal", 502);
  consult.link.value = { state: "lost", since: 0, code: null };
  FakePeer.newest.becomes("failed");
  await passes(8_000);
  media.relay.next["POST"] = [];
  const before = media.relay.count("POST");
  consult.link.value = { state: "open" };
  await passes(0);
  expect(media.relay.count("POST")).toBe(before + 1);
});

test("a voice that still stands keeps its session when the link is back", async () => {
  const consult = fakeConsult();
  await talking(consult);
  const cutAndBack = () => {
    consult.link.value = { state: "lost", since: 0, code: null };
    consult.link.value = { state: "open" };
  };
  cutAndBack();
  await passes(0);
  expect([media.relay.count("POST"), media.relay.count("PATCH")]).toEqual([1, 0]);
  FakePeer.newest.becomes("disconnected");
  cutAndBack();
  await passes(0);
  expect([media.relay.count("POST"), media.relay.count("PATCH")]).toEqual([1, 1]);
});

test("an unheard voice mends its way by itself, and a muted one has nothing to mend", async () => {
  const consult = fakeConsult();
  const talk = await talking(consult);
  talk.mute(true);
  consult.hears("unheard");
  await passes(10_000);
  expect(media.relay.count("PATCH")).toBe(0);
  talk.mute(false);
  expect(talk.trouble.value).toBe("unheard");
  await passes(3_400);
  expect([media.relay.count("PATCH"), media.relay.count("POST")]).toEqual([1, 1]);
  await passes(3_400);
  expect([media.relay.count("PATCH"), media.relay.count("POST")]).toEqual([1, 2]);
});

test("a microphone of zeros is said after five seconds, and a fresh one is opened at a touch", async () => {
  const talk = await talking(fakeConsult());
  FakePeer.newest.stats = [{ type: "media-source", kind: "audio", audioLevel: 0, totalAudioEnergy: 0 }];
  await passes(4_800);
  expect(talk.trouble.value).toBeNull();
  await passes(600);
  expect([talk.trouble.value, talk.isStopped.value]).toEqual(["silent", true]);
  await talk.restore();
  expect(FakePeer.newest.replaced).toEqual([media.tracks.at(-1)]);
  expect(media.tracks.length).toBe(2);
  talk.mute(true);
  await passes(400);
  expect(talk.trouble.value).toBeNull();
});

test("the chosen microphone is opened again after trouble and after a reload", async () => {
  const talk = await talking(fakeConsult());
  await talk.choose("headset");
  media.tracks.at(-1)?.becomesMuted(true);
  expect(talk.trouble.value).toBe("taken");
  await talk.restore();
  talk.close();
  talkIn(fakeConsult());
  await passes(0);
  expect(media.opened).toEqual(["", "headset", "headset", "headset"]);
});

test("bringing a voice back opens no microphone that its person muted", async () => {
  const talk = await talking(fakeConsult());
  talk.mute(true);
  media.tracks.at(-1)?.becomesMuted(true);
  await talk.restore();
  expect([talk.muted.value, media.tracks.at(-1)?.enabled]).toEqual([true, false]);
});

test("a held button that turned into another one is let go", async () => {
  const talk = await talking(fakeConsult());
  talk.usePushToTalk(true);
  talk.mute(false);
  media.tracks.at(-1)?.becomesMuted(true);
  expect(talk.muted.value).toBe(true);
});
