// Runs test programs side by side, because most of them wait more than they work, and cargo runs one after the other.
//   cargo test --no-run --message-format=json ... | node tools/test_programs.mjs
//
// Owns: how many run at once, and that the output of each stays together. Each runs in the folder of its package, as
// under cargo. A program that fails does not stop the others; all that failed are named at the end.

import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";

/** Programs at once: one per core keeps the cores busy while the other program waits. */
const PROGRAMS = availableParallelism();
/** Tests at once in a program: most wait for a deadline, a socket or a disk. */
const THREADS_PER_CORE = 3;
/** These state how long something may take: they run when nothing else does, with cargo's own number of threads. */
const MEASURES_TIME = new Set(["encodes_for_live", "never_delays_the_picture", "publishes_over_whip"]);

const programs = readFileSync(0, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .filter((message) => message.executable && message.profile?.test)
  .map((message) => ({
    name: message.target.name,
    file: message.executable,
    folder: dirname(message.manifest_path),
    bytes: statSync(message.executable).size,
  }))
  // The large ones hold the media stack and wait the most; the small ones at the end fill both cores evenly.
  .sort((a, b) => b.bytes - a.bytes);
if (programs.length === 0) {
  console.error("hibiki: cargo named no test program on standard input");
  process.exit(2);
}

function run({ name, file, folder }, threads) {
  return new Promise((resolve) => {
    const began = performance.now();
    const output = [];
    const child = spawn(file, threads ? [`--test-threads=${threads}`] : [], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
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
async function runAll(queue, atOnce, threads) {
  const worker = async () => {
    for (let program = queue.shift(); program; program = queue.shift()) failed.push(await run(program, threads));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
const alone = programs.filter(({ name }) => MEASURES_TIME.has(name));
const others = programs.filter(({ name }) => !MEASURES_TIME.has(name));
await runAll(others, PROGRAMS, PROGRAMS * THREADS_PER_CORE);
await runAll(alone, 1);

const reasons = failed.filter(Boolean);
for (const reason of reasons) console.error(`✗ ${reason}`);
process.exit(reasons.length === 0 ? 0 : 1);
