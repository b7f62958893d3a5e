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
tools/viewer.sh
cargo build --locked --release --bins -p relay -p capture-agent -p sample-dicom -p stories
group=()
[ -z "${1:-}" ] || group=(--group "$1")
exec cargo run --locked --release --quiet -p stories --bin bench -- "${group[@]}"
