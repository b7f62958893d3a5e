import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeAudio, FakeTrack, stubMedia } from "../../test/media";
import { Speaker } from "./speaker";

beforeEach(() => void stubMedia());
afterEach(() => void vi.unstubAllGlobals());

const track = () => new FakeTrack() as unknown as MediaStreamTrack;
const settled = () => new Promise((done) => setTimeout(done));

test("a voice that comes anew on its seat is no alarm", async () => {
  const speaker = new Speaker();
  speaker.play("1", track());
  await settled();
  speaker.play("1", track());
  await settled();
  expect(FakeAudio.all.map(({ paused, srcObject }) => [paused, srcObject === null])).toEqual([
    [true, true],
    [false, false],
  ]);
  expect(speaker.silenced.value).toBe(false);
  speaker.close();
  await settled();
  expect(speaker.silenced.value).toBe(false);
});

test("a voice that ended with its connection pauses its element, and that is no alarm", async () => {
  const speaker = new Speaker();
  const voice = track();
  speaker.play("1", voice);
  await settled();
  voice.stop();
  FakeAudio.all[0]?.pause();
  await settled();
  expect(speaker.silenced.value).toBe(false);
});

test("a system that takes the loudspeaker, or plays nothing before a touch, is said until a touch", async () => {
  const speaker = new Speaker();
  speaker.play("1", track());
  await settled();
  FakeAudio.all[0]?.pause();
  await settled();
  expect(speaker.silenced.value).toBe(true);
  await speaker.resume();
  expect(speaker.silenced.value).toBe(false);
  expect(FakeAudio.all[0]?.paused).toBe(false);

  FakeAudio.refusal = new DOMException("no touch yet", "NotAllowedError");
  speaker.play("2", track());
  await settled();
  expect(speaker.silenced.value).toBe(true);
});

test("every voice plays on the chosen loudspeaker, those that are there and those that come", async () => {
  const speaker = new Speaker();
  speaker.play("1", track());
  speaker.playOn("headset");
  speaker.play("2", track());
  await settled();
  expect(FakeAudio.all.map(({ sink }) => sink)).toEqual(["headset", "headset"]);
  speaker.playOn("");
  expect(FakeAudio.all.map(({ sink }) => sink)).toEqual(["", ""]);
});
