import { expect, test } from "vitest";
import { ApiProblem } from "../net/http";
import { addresses, isBusy, onlyOver } from "./ways";

const ANSWER = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=candidate:1 1 udp 2130706431 192.0.2.7 8443 typ host",
  "a=candidate:1 1 UDP 2130706431 192.0.2.7 8443 typ host",
  "a=candidate:2 1 udp 2130706430 2001:db8::7 8443 typ host",
  "a=candidate:3 1 tcp 1520435199 192.0.2.7 8444 typ host tcptype passive",
  "a=end-of-candidates",
  "",
].join("\r\n");

test("an answer keeps the candidates of one transport and everything else", () => {
  const udp = onlyOver(ANSWER, "udp");
  expect(udp).not.toContain(" tcp ");
  expect(udp).toContain("2001:db8::7 8443");
  const tcp = onlyOver(ANSWER, "tcp");
  expect(tcp.split("\r\n").filter((line) => line.startsWith("a=candidate:"))).toHaveLength(1);
  for (const text of [udp, tcp]) expect(text).toMatch(/^v=0\r\nm=audio[\s\S]*a=end-of-candidates\r\n$/);
});

test("addresses are named once each, with their port", () => {
  expect(addresses(ANSWER, "udp")).toEqual(["192.0.2.7:8443", "[2001:db8::7]:8443"]);
  expect(addresses(ANSWER, "tcp")).toEqual(["192.0.2.7:8444"]);
  expect(addresses("v=0\r\n", "tcp")).toEqual([]);
});

test("a relay that takes no more connections says nothing of a network", () => {
  expect(isBusy(new ApiProblem("tooFast", ""))).toBe(true);
  expect(isBusy(new ApiProblem("tooMany", ""))).toBe(true);
  expect(isBusy(new ApiProblem("unreachable", ""))).toBe(false);
  expect(isBusy(new Error("no way"))).toBe(false);
});
