#!/usr/bin/env bash
# Builds the programs for use into target/release: the relay with the pages inside, the agent, the phantom generator.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
tools/setup.sh build
use_tools
tools/viewer.sh
cargo build --locked --release -p relay -p capture-agent -p sample-dicom "$@"
