#!/usr/bin/env bash
# Takes the pictures in docs/screenshots from a demo of its own, with phantom clips and invented people.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
tools/setup.sh test
tools/build.sh
use_tools
rm -rf .demo/screenshots
target/release/sample-dicom --out .demo/screenshots/clips --view a4c
exec node tools/screenshots.mjs dicom:.demo/screenshots/clips
