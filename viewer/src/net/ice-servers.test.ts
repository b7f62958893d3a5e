import { expect, test } from "vitest";
import { iceServers } from "./ice-servers";

const read = (link: string) => iceServers(new Headers({ link }));

test("servers come in one field, with commas in quotes", () => {
  const one =
    '<turns:turn.example.jp:443?transport=tcp>; rel="ice-server"; username="1:a,b"; credential="c+/="; credential-type="password"';
  const other = "<turn:[2001:db8::7]:3478?transport=udp>; rel=ice-server; username=u; credential=p";
  expect(read(`${one}, ${other}`)).toEqual([
    { urls: "turns:turn.example.jp:443?transport=tcp", username: "1:a,b", credential: "c+/=" },
    { urls: "turn:[2001:db8::7]:3478?transport=udp", username: "u", credential: "p" },
  ]);
});

test("what is not understood is left out", () => {
  for (const link of [
    '<stun:stun.example.jp>; rel="ice-server"',
    '<turn:turn.example.jp>; rel="next"; username="u"; credential="p"',
    '<turn:turn.example.jp>; rel="ice-server"; username="u"',
    "turn:a",
  ]) {
    expect(read(link)).toEqual([]);
  }
  expect(iceServers(new Headers())).toEqual([]);
});
