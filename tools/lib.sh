# shellcheck shell=bash
# Shared by the scripts in tools/: where things are, how they speak, and which Node they use.
# Sourced, never run. A caller sets `set -euo pipefail` first. Everything that set-up writes goes below .tools/.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS="$ROOT/.tools"
STAMPS="$TOOLS/stamps"
export ROOT TOOLS

say() { printf '%s\n' "$*"; }
note() { printf '  %s\n' "$*"; }
die() {
  printf '\nhibiki: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# What `key` covers has been done when the stamp of that name holds it: a changed list or lock file runs the step again.
stamped() { [ -f "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]; }
stamp() {
  mkdir -p "$STAMPS"
  printf '%s' "$2" >"$STAMPS/$1"
}
hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
# The same over every file below some folders, names included.
hash_tree() { find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

# Vite 8 runs on Node 20.19 and later, 22.12 and later, and everything above; the odd releases between them are left out.
node_is_new_enough() {
  local version major minor
  have node && have npm || return 1
  version=$(node --version 2>/dev/null) || return 1
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  case "$major" in
    20) [ "$minor" -ge 19 ] ;;
    22) [ "$minor" -ge 12 ] ;;
    *) [ "$major" -ge 23 ] ;;
  esac
}

# Our own Node wins when set-up had to fetch one; then the machine's.
use_tools() {
  [ -x "$TOOLS/node/bin/node" ] && PATH="$TOOLS/node/bin:$PATH"
  [ -d "$TOOLS/bin" ] && PATH="$TOOLS/bin:$PATH"
  export PATH
}

# Real clips lie beside the checkout; without them the tests that need them say that they were skipped.
use_test_data() {
  local beside="$ROOT/../shared/test-data"
  if [ -z "${HIBIKI_TEST_DATA:-}" ] && [ -d "$beside" ]; then
    HIBIKI_TEST_DATA=$(cd "$beside" && pwd)
    export HIBIKI_TEST_DATA
  fi
  [ -n "${HIBIKI_TEST_DATA:-}" ] || note "no folder of real clips (HIBIKI_TEST_DATA): the tests that need them will say so and be skipped"
}

npm_in() { npm --prefix "$ROOT/$1" --silent run "${@:2}"; }
