#!/usr/bin/env bash
# Measures release builds of the real binaries and prints the table; the same goes to target/bench.json.
#   tools/bench.sh [group]
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
tools/setup.sh test
use_tools
use_test_data
tools/build.sh -p stories
export HIBIKI_STORIES_NO_BUILD=1
group=()
[ -z "${1:-}" ] || group=(--group "$1")
exec target/release/bench "${group[@]}"
