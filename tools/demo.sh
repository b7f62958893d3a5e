#!/usr/bin/env bash
# The whole path on one machine: relay with the pages inside, capture agent on a clip, demo people. Ctrl-C ends it.
#   tools/demo.sh [source [mask]]   as the capture agent takes them; phantom clips with their banner masked when none is given
# HIBIKI_DEMO_PORT moves the pages. Everything that it writes is below .demo/; remove that folder to begin anew.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
tools/build.sh
use_tools

# Phantom clips of full size, made again when the generator has changed.
made_by=$(hash_of target/release/sample-dicom)
if [ -z "${1:-}" ] && { [ ! -d .demo/clips ] || ! stamped clips "$made_by"; }; then
  say "Making phantom clips in .demo/clips (only the first time)"
  rm -rf .demo/clips
  target/release/sample-dicom --out .demo/clips || die "the phantom clips could not be made"
  stamp clips "$made_by"
fi
exec node tools/demo.mjs "${1:-dicom:.demo/clips}" "${2:-}"
