import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Media, stubMedia } from "../../test/media";
import { Microphone } from "./microphone";

let media: Media;
beforeEach(() => {
  media = stubMedia();
});
afterEach(() => void vi.unstubAllGlobals());

test("the chosen microphone is opened, and the usual one when it is in another room", async () => {
  const microphone = new Microphone();
  expect(await microphone.open("headset")).toBeNull();
  expect(microphone.device).toBe("headset");
  media.absent.add("headset");
  expect(await microphone.open("headset")).toBeNull();
  expect(media.opened).toEqual(["headset", "headset", ""]);
  expect(media.tracks.map(({ readyState }) => readyState)).toEqual(["ended", "live"]);
});

test("a track that the device mutes or ended is taken, until it gives it back", async () => {
  const microphone = new Microphone();
  await microphone.open("");
  media.tracks[0]?.becomesMuted(true);
  expect(microphone.taken.value).toBe(true);
  media.tracks[0]?.becomesMuted(false);
  expect(microphone.taken.value).toBe(false);
  media.tracks[0]?.stop();
  media.page.shows("visible");
  expect(microphone.taken.value).toBe(true);
});
