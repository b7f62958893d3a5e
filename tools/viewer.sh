#!/usr/bin/env bash
# Builds the pages into viewer/dist and viewer/dist-device, which relay and agent carry inside. Does nothing when no source has changed.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT/viewer"
use_tools
key=$(find . \( -name node_modules -o -name dist -o -name dist-device -o -name coverage \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ -f dist/index.html ] && [ -f dist-device/device.html ] && stamped viewer "$key"; then exit 0; fi
npm --silent run build
stamp viewer "$key"
