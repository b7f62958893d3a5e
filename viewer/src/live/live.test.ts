import { describe, expect, test } from "vitest";
import { RelayClock } from "../net/clock";
import type { StreamId } from "../wire/ids";
import type { RelayTime, RtpTime } from "../wire/units";
import { capturedAt, imageAgeMs, type Stamp, ticksSince } from "./age";
import { FrameRing, type PaintedFrame } from "./frames";
import { level, type Reading } from "./quality";
import { answerAfterRestart, credentials, offersPlayoutDelay, restartFragment } from "./sdp";

const rtp = (ticks: number) => (ticks >>> 0) as RtpTime;
const STAMP: Stamp = {
  stream: "s" as StreamId,
  rtpTime: rtp(0xffff_ff00),
  capturedRelay: 1_795_000_000_000_000 as RelayTime,
  errorUs: 100,
};

describe("image age", () => {
  test("the clock is linear between two stamps", () => {
    const later = rtp(STAMP.rtpTime + 90_000 / 2);
    expect(capturedAt(STAMP, later) - STAMP.capturedRelay).toBeCloseTo(500_000, 3);
  });

  test("the clock goes on across the wrap of 32 bits, forwards and backwards", () => {
    expect(ticksSince(rtp(0x100), rtp(0xffff_ff00))).toBe(0x200);
    expect(ticksSince(rtp(0xffff_ff00), rtp(0x100))).toBe(-0x200);
    const now = (STAMP.capturedRelay + 1_000_000) as RelayTime;
    expect(imageAgeMs(STAMP, rtp(STAMP.rtpTime + 81_000), now)).toBeCloseTo(100, 6);
  });

  test("without a stamp or a clock the age is unknown, never zero", () => {
    expect(imageAgeMs(null, rtp(1), STAMP.capturedRelay)).toBeNull();
    expect(imageAgeMs(STAMP, rtp(1), null)).toBeNull();
  });

  test("an error of the clocks does not make a negative age", () => {
    expect(imageAgeMs(STAMP, rtp(STAMP.rtpTime + 90), STAMP.capturedRelay)).toBe(0);
  });

  test("a picture from tomorrow has no age: a clock was set, and it is not fresh for that", () => {
    const dayUs = 86_400_000_000;
    expect(imageAgeMs(STAMP, STAMP.rtpTime, (STAMP.capturedRelay - dayUs) as RelayTime)).toBeNull();
    expect(imageAgeMs(STAMP, STAMP.rtpTime, (STAMP.capturedRelay + dayUs) as RelayTime)).toBeCloseTo(
      86_400_000,
      3,
    );
  });
});

describe("the relay's clock", () => {
  test("the quickest answer counts", () => {
    const clock = new RelayClock();
    clock.heard(1000, 1400, 1_200_000 as RelayTime);
    clock.heard(2000, 2010, 2_105_000 as RelayTime);
    expect(clock.at(3000)).toBe(3_100_000);
    expect(clock.errorUs).toBe(5_000);
    clock.heard(3000, 3300, 3_000_000 as RelayTime);
    expect(clock.at(3000)).toBe(3_100_000);
  });

  test("a relay whose clock was set is followed at once", () => {
    const clock = new RelayClock();
    clock.heard(0, 2, 1_000 as RelayTime);
    clock.heard(5_000, 5_100, 90_000_000 as RelayTime);
    expect(clock.at(5_050)).toBe(90_000_000);
  });
});

describe("the ring of painted frames", () => {
  const frame = (n: number, paintedAt = n * 33): PaintedFrame => ({
    rtpTime: rtp(0xffff_0000 + n * 3000),
    paintedAt,
    width: 8,
    height: 6,
  });
  const surface = (width = 8, height = 6) => {
    return {
      width,
      height,
      bytes: width * height * 4,
      closed: false,
      close() {
        this.closed = true;
      },
    };
  };

  test("it keeps about a second and closes what leaves", () => {
    const ring = new FrameRing<ReturnType<typeof surface>>();
    const all = Array.from({ length: 100 }, (_, n) => {
      const picture = surface();
      ring.push(frame(n), picture);
      return picture;
    });
    expect(ring.size).toBe(34);
    expect(all.filter((picture) => !picture.closed).length).toBe(34);
    expect(all.at(-1)?.closed).toBe(false);
  });

  test("it finds exactly the frame, and the nearest across the wrap", () => {
    const ring = new FrameRing<ReturnType<typeof surface>>();
    for (let n = 0; n < 30; n += 1) ring.push(frame(n), surface());
    expect(ring.find(frame(25).rtpTime)?.frame).toEqual(frame(25));
    expect(ring.find(rtp(frame(25).rtpTime + 1))).toBeNull();
    expect(ring.nearest(rtp(frame(22).rtpTime + 1400))?.frame).toEqual(frame(22));
  });

  test("large pictures and fast streams do not make it grow", () => {
    const large = new FrameRing<ReturnType<typeof surface>>();
    for (let n = 0; n < 60; n += 1) large.push(frame(n), surface(1920, 1080));
    expect(large.size * 1920 * 1080 * 4).toBeLessThanOrEqual(96 * 1024 * 1024);
    const fast = new FrameRing<ReturnType<typeof surface>>();
    for (let n = 0; n < 500; n += 1) fast.push(frame(n, n * 4), surface());
    expect(fast.size).toBe(60);
  });

  test("the newest frame stays however large or late it is", () => {
    const ring = new FrameRing<ReturnType<typeof surface>>();
    ring.push(frame(0), surface(10_000, 10_000));
    expect(ring.size).toBe(1);
    ring.push(frame(1, 60_000), surface());
    expect(ring.newest()?.frame.paintedAt).toBe(60_000);
    ring.clear();
    expect(ring.newest()).toBeNull();
  });
});

describe("the word of the badge", () => {
  const reading = (change: Partial<Reading>): Reading => ({
    ageMs: 80,
    fps: 30,
    silentMs: 10,
    sourceFps: null,
    ...change,
  });

  test("a picture that stopped is stopped, however young its last frame was", () => {
    expect(level(reading({ ageMs: 5, silentMs: 501 }), "good")).toBe("stopped");
    expect(level(reading({ silentMs: 499 }), "good")).toBe("good");
    expect(level(reading({ silentMs: null }), "good")).toBe("none");
  });

  test("the word does not flicker around its threshold", () => {
    expect(level(reading({ ageMs: 390 }), "good")).toBe("good");
    expect(level(reading({ ageMs: 410 }), "good")).toBe("late");
    expect(level(reading({ ageMs: 390 }), "late")).toBe("late");
    expect(level(reading({ ageMs: 330 }), "late")).toBe("good");
  });

  test("few frames are said, unless the source itself makes few", () => {
    expect(level(reading({ fps: 12 }), "good")).toBe("choppy");
    expect(level(reading({ fps: 12, sourceFps: 13 }), "good")).toBe("good");
    expect(level(reading({ fps: 5, sourceFps: 13 }), "good")).toBe("choppy");
    // A second of it is not over yet: too few frames so far mean nothing.
    expect(level(reading({ fps: null }), "none")).toBe("good");
  });

  test("an unknown age alone is not bad", () => {
    expect(level(reading({ ageMs: null }), "good")).toBe("good");
  });
});

describe("session descriptions", () => {
  const OFFER = [
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    "a=mid:0",
    "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "",
  ].join("\r\n");
  const ANSWER = OFFER.replace("abcd", "OLDU").replace(
    "a=mid:0",
    "a=mid:0\r\na=candidate:1 1 udp 1 10.0.0.1 3478 typ host",
  );

  test("the offer says whether playout-delay is in it", () => {
    expect(offersPlayoutDelay(OFFER)).toBe(true);
    expect(offersPlayoutDelay(OFFER.replace("playout-delay", "toffset"))).toBe(false);
  });

  test("an ICE restart carries the new credentials and the media line", () => {
    expect(restartFragment(OFFER)).toBe(
      "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n",
    );
    expect(restartFragment("v=0\r\n")).toBeNull();
  });

  test("the answer takes over credentials and candidates, and nothing else changes", () => {
    const fragment =
      "a=ice-lite\r\na=ice-ufrag:NEWU\r\na=ice-pwd:9876543210987654321098\r\na=candidate:2 1 udp 1 10.0.0.2 3478 typ host\r\n";
    const answer = answerAfterRestart(ANSWER, fragment) ?? "";
    expect(credentials(answer)).toEqual({ ufrag: "NEWU", password: "9876543210987654321098" });
    expect(answer).toContain("10.0.0.2");
    expect(answer).not.toContain("10.0.0.1");
    expect(answer).toContain("m=video 9 UDP/TLS/RTP/SAVPF 96");
    expect(answerAfterRestart(ANSWER, "a=mid:0\r\n")).toBeNull();
  });
});
