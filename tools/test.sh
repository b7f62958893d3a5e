#!/usr/bin/env bash
# Runs the checks in order, stops at the first that fails and names it, and says what each one took. Short ones that need
# nothing of each other run beside one another.
#   tools/test.sh lint    everything that runs no test
#   tools/test.sh all     set-up, lint, tests and stories: what CI runs
#   tools/test.sh audit   the advisory database, which only a machine with the internet can fetch
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

TIMES=()
LOGS="$ROOT/target/test-logs"
mkdir -p "$LOGS"

log_of() { printf '%s/%s.log' "$LOGS" "$(printf '%s' "$1" | tr -c 'a-z0-9\n' '-')"; }

# told NAME SECONDS STATUS COMMAND...: notes what a step took; one that failed ends the run.
told() {
  local name=$1 took=$2 status=$3
  shift 3
  TIMES+=("$(printf '%5d s  %s' "$took" "$name")")
  [ "$status" -eq 0 ] && return 0
  printf '\n✗ the step "%s" failed after %d s. It ran:\n    %s\n' "$name" "$took" "$*" >&2
  printf '  Its output stands above and in %s\n' "$(realpath --relative-to="$ROOT" "$(log_of "$name")")" >&2
  exit 1
}

# step NAME COMMAND...: runs it, keeps its words in a log, and prints them while they come.
step() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '── %s\n' "$name"
  "$@" 2>&1 | tee "$(log_of "$name")" || status=$?
  told "$name" $((SECONDS - began)) "$status" "$@"
}

# beside NAME COMMAND...: runs it beside what comes next, until `joined` prints its words and judges it.
BESIDE=()
beside() {
  local name=$1 log began=$SECONDS
  shift
  log=$(log_of "$name")
  { status=0; "$@" >"$log" 2>&1 || status=$?; printf '%d %d %s\n' $((SECONDS - began)) "$status" "$*" >"$log.end"; } &
  BESIDE+=("$name")
}
joined() {
  local name took status words
  wait
  for name in "${BESIDE[@]}"; do
    printf '── %s\n' "$name"
    cat "$(log_of "$name")"
    read -r took status words <"$(log_of "$name").end"
    told "$name" "$took" "$status" "$words"
  done
  BESIDE=()
}
# What runs beside a step that failed has nobody to tell.
trap 'jobs -p | xargs -r kill 2>/dev/null || true' EXIT

# One selection of packages for all test runs, so that each dependency is built once: cargo unifies features over
# the packages named, and `-p stories` would build a second copy of half the tree. Hence --workspace with names.
test_targets() {
  cargo metadata --no-deps --format-version 1 --locked --offline |
    node -e '
      const metadata = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
      for (const p of metadata.packages)
        for (const t of p.targets)
          if (t.kind.includes("test") && (t.name === "stories") === (process.argv[1] === "stories")) console.log(t.name);
    ' "$1"
}
test_programs() {
  local names=() name
  while read -r name; do names+=(--test "$name"); done < <(test_targets others)
  cargo test --locked --workspace --lib --bins "${names[@]}" --no-run --message-format=json | node tools/test_programs.mjs "$1"
}
stories() {
  local names=() name
  while read -r name; do names+=(--test "$name"); done < <(test_targets stories)
  [ ${#names[@]} -gt 0 ] || die "the crate stories has no test target"
  # One at a time: a story measures live timing on the real binaries, and two cores serve one consult, not four.
  cargo test --locked --workspace "${names[@]}" -- --test-threads=1
}

run_lint() {
  beside "rust format" cargo fmt --all --check
  beside "house rules" tools/check_tree.sh
  beside "viewer format and lint" npm_in viewer lint
  beside "viewer types" npm_in viewer check
  beside "licences, bans and sources" cargo deny --locked check --hide-inclusion-graph bans licenses sources
  joined
  step "clippy" cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
}

run_tests() {
  # Programs and tests in one go, hence with one set of features; the stories then start what was just built.
  step "programs and tests, built" cargo build --locked --workspace --bins --tests
  export HIBIKI_STORIES_NO_BUILD=1
  # They wait a second at most for what is loaded later, so they get the processor.
  step "viewer tests" npm_in viewer test
  # These only compute: they get what the tests that live in real time leave of the processor.
  beside "documentation examples" nice -n 19 cargo test --locked --workspace --doc --quiet
  beside "unit tests" test_programs computing
  step "behaviour tests" test_programs live
  step "stories" stories
  joined
}

# What each runner counted, as one line that any CI can read.
summary() {
  local passed
  passed=$(cat "$LOGS"/*tests.log "$LOGS"/documentation-examples.log "$LOGS"/stories.log | sed 's/\x1b\[[0-9;]*m//g' |
    awk '/^test result: ok\./ { sum += $4 } /^ *Tests +[0-9]+ passed/ { sum += $2 } END { print sum + 0 }')
  printf '\n%s passed, 0 failed\n' "$passed"
  local skipped
  skipped=$(cat "$LOGS"/*.log | grep -c '^SKIPPED' || true)
  [ "$skipped" = 0 ] || printf '%s tests said that they were SKIPPED; look for the word above\n' "$skipped"
}

what=${1:-all}
rm -f "$LOGS"/*.log "$LOGS"/*.end
case "$what" in
  audit)
    step "set-up" tools/setup.sh test
    use_tools
    step "advisories" cargo deny --locked check --hide-inclusion-graph advisories
    ;;
  lint | all)
    step "set-up" tools/setup.sh test
    use_tools
    use_test_data
    step "viewer build" tools/viewer.sh
    run_lint
    [ "$what" = lint ] || run_tests
    ;;
  *) die "tools/test.sh takes 'lint', 'all' or 'audit'" ;;
esac
printf '\nTime per step (%d s in all):\n' "$SECONDS"
printf '%s\n' "${TIMES[@]}"
[ "$what" != all ] || summary
