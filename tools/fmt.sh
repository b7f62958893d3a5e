#!/usr/bin/env bash
# Formats everything that the checks look at.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
tools/setup.sh build
use_tools
cargo fmt --all
npm_in viewer fmt
