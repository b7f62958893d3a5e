// One relay and one capture agent as processes, for the demo and for the screenshots.
//
// Owns starting them in order, waiting until the picture is live, and stopping them in order. Both write their words to
// a log each. They run in process groups of their own, so that Ctrl-C reaches only the caller, which then stops them.

import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const READY_MS = 30_000;
const PICTURE_MS = 15_000;
const STOP_MS = 5_000;
const POLL_MS = 100;
// The banner of the phantom clips, and a good part of most machines' own.
const BANNER = "0,0,1,0.09";
// Where the programs are: those of `make demo`, unless a test says otherwise.
const PROGRAMS = process.env.HIBIKI_PROGRAMS ?? join("target", "release");

/** A fault that is told to the person as it stands, without a stack. */
export class Trouble extends Error {}

export async function startStack({ source, mask, port, data }) {
  const programs = [];
  const stop = async () => {
    for (const program of programs.reverse()) await program.stop();
  };
  try {
    await portsAreFree(port);
    mkdirSync(data, { recursive: true });
    const origin = `http://127.0.0.1:${port}`;
    const relay = start("relay", relayArguments(port, data), data);
    programs.push(relay);
    await relay.until("the relay to be ready", READY_MS, () => answers(`${origin}/readyz`));
    const agent = start("capture-agent", agentArguments(origin, data, source, mask), data);
    programs.push(agent);
    await agent.until("the picture", PICTURE_MS, async () => (await demoDoor(origin)).consults.some((one) => one.picture));
    const ended = Promise.race(programs.map((program) => program.ended));
    return { origin, door: await demoDoor(origin), device: devicePage(data), ended, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

function relayArguments(port, data) {
  const at = (number) => `127.0.0.1:${number}`;
  return ["serve", "--demo", "--http", at(port), "--media", at(port), "--metrics", at(port + 1), "--data", data];
}

function agentArguments(origin, data, source, mask) {
  const cover = mask === "none" ? [] : ["--mask", mask || BANNER];
  return ["run", "--config", join(data, "demo", "agent.toml"), "--relay", origin, "--source", source, "--spool", join(data, "spool"), ...cover];
}

/** Media use the UDP port of the pages' number, metrics the next TCP port. */
async function portsAreFree(port) {
  const checks = [
    [`TCP ${port}`, listens(createServer(), (server, done) => server.listen(port, "127.0.0.1", done))],
    [`TCP ${port + 1}`, listens(createServer(), (server, done) => server.listen(port + 1, "127.0.0.1", done))],
    [`UDP ${port}`, listens(createSocket("udp4"), (socket, done) => socket.bind(port, "127.0.0.1", done))],
  ];
  const taken = [];
  for (const [name, free] of checks) if (!(await free)) taken.push(name);
  if (taken.length === 0) return;
  throw new Trouble(
    `port ${taken.join(", ")} is in use, perhaps by another demo. Stop that, or choose another port: HIBIKI_DEMO_PORT=${port + 1000} make demo`,
  );
}

function listens(end, begin) {
  return new Promise((resolve) => {
    end.once("error", () => resolve(false));
    begin(end, () => end.close(() => resolve(true)));
  });
}

function start(name, args, data) {
  const log = join(data, `${name}.log`);
  const output = openSync(log, "w");
  const child = spawn(join(PROGRAMS, name), args, { stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  let over = false;
  const ended = new Promise((resolve) => {
    const end = () => {
      over = true;
      resolve(`${name} stopped by itself. Its last words (all of them are in ${log}):\n${lastLines(log)}`);
    };
    child.once("error", end);
    child.once("exit", end);
  });
  return {
    ended,
    async stop() {
      if (over) return;
      child.kill("SIGTERM");
      const grace = new AbortController();
      const killed = pause(STOP_MS, null, { signal: grace.signal }).then(
        () => child.kill("SIGKILL"),
        () => {},
      );
      await ended;
      grace.abort();
      await killed;
    },
    async until(what, limit, holds) {
      for (const end = Date.now() + limit; Date.now() < end; await pause(POLL_MS)) {
        if (over) throw new Trouble(await ended);
        if (await holds().catch(() => false)) return;
      }
      throw new Trouble(`waited ${limit / 1000} s for ${what}, in vain. Last words of ${name} (${log}):\n${lastLines(log)}`);
    },
  };
}

/** The address of the agent's own page, which it prints once with the key of this start; none when it could not be opened. */
function devicePage(data) {
  const log = readFileSync(join(data, "capture-agent.log"), "utf8");
  return /^Page on this device: (\S+)$/m.exec(log)?.[1];
}

function lastLines(log) {
  return readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}

async function answers(url) {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}

async function demoDoor(origin) {
  const answer = await fetch(`${origin}/api/v1/demo`, { signal: AbortSignal.timeout(2_000) });
  return answer.json();
}
