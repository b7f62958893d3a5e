import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer, type Media, stubMedia } from "../../test/media";
import type { SessionId } from "../wire/ids";
import { type LineState, MediaLine } from "./media-line";

let media: Media;
let line: MediaLine;
let states: string[];
/** State of a connection when its host was told that it goes. */
let ended: string[];

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function connect(isFinal?: (code: string) => boolean): void {
  states = [];
  ended = [];
  line = new MediaLine("/api/v1/consults/c/voice", "s" as SessionId, {
    offer: async () => {
      const peer = new FakePeer();
      await peer.setLocalDescription();
      return {
        peer: peer as unknown as RTCPeerConnection,
        sdp: peer.localDescription?.sdp ?? "",
        playoutDelay: false,
      };
    },
    onTrack: () => undefined,
    onState: (state: LineState) => states.push(state.state),
    onEnds: () => ended.push(FakePeer.newest.connectionState),
    ...(isFinal === undefined ? {} : { isFinal }),
  });
}

async function connected(): Promise<FakePeer> {
  connect();
  await passes(0);
  FakePeer.newest.becomes("connected");
  return FakePeer.newest;
}

const ufrags = () =>
  media.relay.asked
    .filter(({ method }) => method === "PATCH")
    .map(({ body }) => /ice-ufrag:(\w+)/.exec(body)?.[1]);

beforeEach(() => {
  vi.useFakeTimers();
  media = stubMedia();
});
afterEach(() => {
  line.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an ICE restart that was asked for in a cut is asked for again, and the session stays", async () => {
  const peer = await connected();
  media.relay.next["PATCH"] = [null];
  peer.becomes("disconnected");
  await passes(1_000);
  expect(ufrags()).toEqual(["ours1"]);
  await passes(2_900);
  expect(ufrags()).toEqual(["ours1"]);
  await passes(100);
  expect(ufrags(), "new credentials: the relay may have taken the first").toEqual(["ours1", "ours2"]);
  peer.becomes("connected");
  expect([FakePeer.all.length, media.relay.count("POST")]).toEqual([1, 1]);
  await passes(60_000);
  expect(states).toEqual(["connecting", "connected", "connected"]);
});

test("a cut that lasts ends in a fresh session", async () => {
  const peer = await connected();
  media.relay.next["PATCH"] = [null, null, null];
  peer.becomes("disconnected");
  await passes(1_000 + 3 * 3_000);
  expect(states.at(-1)).toBe("lost");
  await passes(300);
  expect([ufrags().length, media.relay.count("POST")]).toEqual([3, 2]);
});

test("a network that is back does not wait for an answer from the one before", async () => {
  const peer = await connected();
  media.relay.next["PATCH"] = [null];
  peer.becomes("disconnected");
  await passes(1_200);
  media.page.dispatchEvent(new Event("online"));
  await passes(0);
  expect(ufrags()).toEqual(["ours1", "ours2"]);
  expect(peer.signalingState).toBe("stable");
});

test("a session that the relay lost gets a fresh one at once, not three tries", async () => {
  const peer = await connected();
  media.relay.refuses("PATCH", "notFound", 404);
  peer.becomes("disconnected");
  await passes(1_300);
  expect([ufrags().length, media.relay.count("POST")]).toEqual([1, 2]);
});

test("a closed line asks for nothing more", async () => {
  const peer = await connected();
  media.relay.next["PATCH"] = [null];
  peer.becomes("disconnected");
  await passes(1_000);
  line.close();
  await passes(60_000);
  expect([ufrags().length, media.relay.count("POST"), media.relay.count("DELETE")]).toEqual([1, 1, 1]);
});

test("too many is tried for ever, unless the host wants to hear of it", async () => {
  for (let round = 0; round < 20; round += 1) media.relay.refuses("POST", "tooMany", 503);
  connect();
  await passes(5_000);
  expect(states.at(-1)).toBe("lost");
  line.close();
  connect((code) => code === "tooMany");
  await passes(60_000);
  expect(states).toEqual(["connecting", "refused"]);
});

test("before a connection goes its host is told, who keeps what it showed", async () => {
  await connected();
  line.restart();
  expect(ended).toEqual(["connected"]);
});
