// Runs test programs side by side, because most of them wait more than they work, and cargo runs one after the other.
//   cargo test --no-run --message-format=json ... | node tools/test_programs.mjs
//
// Two lanes: the programs of the agent and the relay live in real time, wait a lot and run one after the other, as under cargo;
// beside them, on what they leave of the processor, run those that only compute. Owns the lanes and that the output of each
// program stays together. Each runs in the folder of its package. A program that fails does not stop the others; all that
// failed are named at the end.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";

const CORES = availableParallelism();
/** Packages whose tests live in real time. */
const REAL_TIME = new Set(["capture-agent", "relay"]);
/** Programs of theirs that only compute all the same. */
const COMPUTING = new Set(["encodes_for_live"]);
/** Programs of theirs that wait for deadlines most of the time, and leave the processor to the next lane meanwhile. */
const WAITING = new Set(["behaviour"]);
/** Tests at once for each core, where it is not one: these mostly wait for deadlines. */
const THREADS_PER_CORE = new Map([["behaviour", 3]]);

const programs = readFileSync(0, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .filter((message) => message.executable && message.profile?.test)
  .map((message) => ({
    name: message.target.name,
    file: message.executable,
    folder: dirname(message.manifest_path),
    realTime: REAL_TIME.has(basename(dirname(message.manifest_path))) && !COMPUTING.has(message.target.name),
  }));
if (programs.length === 0) {
  console.error("hibiki: cargo named no test program on standard input");
  process.exit(2);
}

function run({ name, file, folder, realTime }) {
  return new Promise((resolve) => {
    const began = performance.now();
    const output = [];
    const threads = `--test-threads=${CORES * (THREADS_PER_CORE.get(name) ?? 1)}`;
    const [command, ...words] = realTime ? [file, threads] : ["nice", "-n", "19", file, threads];
    const child = spawn(command, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => output.push(piece));
    const ended = (passed, how) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      process.stdout.write(`\n     Running ${name} (${basename(file)}), ${seconds} s\n${Buffer.concat(output)}`);
      resolve(passed ? undefined : `${name}: ${how}`);
    };
    child.on("error", (error) => ended(false, error.message));
    child.on("close", (code, signal) => ended(code === 0, signal ?? `exit code ${code}`));
  });
}

const failed = [];
async function lane(isIn) {
  for (const program of programs.filter(isIn)) failed.push(await run(program));
}
const waits = ({ name }) => WAITING.has(name);
await Promise.all([
  lane((one) => one.realTime && !waits(one)),
  lane((one) => one.realTime && waits(one)),
  lane((one) => !one.realTime),
]);

const reasons = failed.filter(Boolean);
for (const reason of reasons) console.error(`✗ ${reason}`);
process.exit(reasons.length === 0 ? 0 : 1);
