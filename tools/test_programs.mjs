// Runs test programs side by side, because most of them wait more than they work, and cargo runs one after the other.
//   cargo test --no-run --message-format=json ... | node tools/test_programs.mjs live|computing
//
// Lanes of `live`: the programs of the agent and the relay live in real time, wait a lot and run one after the other, as under
// cargo; beside them run those that wait most of all, and the stories that nobody watches. `computing` runs the programs that
// have no clock, at the lowest priority: they get what is left of the processor, also beside the stories with pages. Owns the lanes and that the output of each
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
const COMPUTING = new Set(["encodes_for_live", "spool_keeps_its_word"]);
/** Programs of theirs that wait for deadlines most of the time, or ask no more than seconds: they run beside the others. */
const WAITING = new Set([
  "behaviour",
  "carries_media_over_tcp",
  "comes_back_by_itself",
  "command_line",
  "refuses_bad_offers",
]);
/** Stories over the whole programs: one at a time. */
const STORIES = "unwatched";
/** Tests at once, where it is not one for each core: those of behaviour mostly wait for deadlines. */
const THREADS = new Map([
  ["behaviour", 2 * CORES],
  [STORIES, 1],
]);

/** What computes now and then beside programs that live in real time does not take their moments from them. */
const NICE = new Map([
  ["computing", ["nice", "-n", "19"]],
  ["waiting", ["nice", "-n", "5"]],
]);

const programs = readFileSync(0, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .filter((message) => message.executable && message.profile?.test)
  .map((message) => ({
    name: message.target.name,
    file: message.executable,
    folder: dirname(message.manifest_path),
    lane: laneOf(basename(dirname(message.manifest_path)), message.target.name),
  }));
const wanted = process.argv[2];
if (wanted !== "live" && wanted !== "computing") {
  console.error("hibiki: say which programs: live or computing");
  process.exit(2);
}
if (programs.length === 0) {
  console.error("hibiki: cargo named no test program on standard input");
  process.exit(2);
}

function laneOf(crate, name) {
  if (name === STORIES) return "stories";
  if (WAITING.has(name)) return "waiting";
  return REAL_TIME.has(crate) && !COMPUTING.has(name) ? "real time" : "computing";
}

function run({ name, file, folder, lane }) {
  return new Promise((resolve) => {
    const began = performance.now();
    const output = [];
    const threads = `--test-threads=${THREADS.get(name) ?? CORES}`;
    const [command, ...words] = [...(NICE.get(lane) ?? []), file, threads];
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
async function runsLane(lane) {
  for (const program of programs) if (program.lane === lane) failed.push(await run(program));
}
const lanes = [...new Set(programs.map(({ lane }) => lane))];
await Promise.all(lanes.filter((lane) => (lane === "computing") === (wanted === "computing")).map(runsLane));

const reasons = failed.filter(Boolean);
for (const reason of reasons) console.error(`✗ ${reason}`);
process.exit(reasons.length === 0 ? 0 : 1);
