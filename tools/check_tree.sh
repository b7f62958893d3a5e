#!/usr/bin/env bash
# House rules that no linter knows: how long a file may be, how a Rust file opens, what no tracked file may name,
# and that documents point at what is there.
# Looks at tracked files and at new ones that are not ignored. Generated files are left out.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

WARN_LINES=400
MOST_LINES=600
failed=0
complain() {
  printf '✗ %s\n' "$1"
  failed=1
}

mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ ! -f "$file" ] || printf '%s\0' "$file"
done | sort -zu)
code=()
for file in "${files[@]}"; do
  case "$file" in
    viewer/src/wire/* | tools/check_tree.sh) ;; # generated; and this file, which spells out what it looks for
    *.rs | *.ts | *.tsx | *.mjs | *.js | *.css | *.sh) code+=("$file") ;;
  esac
done

while read -r lines file; do
  [ "$file" != total ] || continue
  if [ "$lines" -gt "$MOST_LINES" ]; then
    complain "$file has $lines lines; split it by duty before $MOST_LINES"
  elif [ "$lines" -gt "$WARN_LINES" ]; then
    note "$file has $lines lines; consider splitting it (warning from $WARN_LINES)"
  fi
done < <(wc -l "${code[@]}")

for file in "${code[@]}"; do
  case "$file" in
    *.rs) [[ $(head -n 1 "$file") == '//!'* ]] || complain "$file does not open with //! saying what it owns" ;;
  esac
done

# forbid WHAT PATTERN [FILE...]: an extended regular expression that may stand in none of them.
forbid() {
  local what=$1 pattern=$2 hits
  shift 2
  [ $# -gt 0 ] || return 0
  hits=$(grep -InE -e "$pattern" -- "$@" || true)
  [ -z "$hits" ] || complain "$what:"$'\n'"$(head -n 10 <<<"$hits")"
}
# Cargo.lock names its registry in every entry: that is cargo's own format.
text=()
for file in "${files[@]}"; do
  case "$file" in
    Cargo.lock | tools/check_tree.sh) ;;
    *) text+=("$file") ;;
  esac
done
forbid "the address of a package registry" '(registry|static|index|files|deb|security)[.](npmjs|crates|pythonhosted|debian)[.](org|io)|pypi[.]org|[a-z0-9-]+-(npm|python|apt|docker)[.]pkg[.]dev' "${text[@]}"
forbid "a path of this machine" "(^|[^a-zA-Z0-9._/-])(/root|/work${HOME:+|$HOME})/" "${text[@]}"
forbid "a TODO without an issue number" '\b(TODO|FIXME|XXX)\b([^(#]|\([^#]|$)' "${code[@]}"
forbid "a focused or skipped test" '\b(it|test|describe)[.](only|skip)\(' "${code[@]}"

# A document points only at what is there.
for file in "${text[@]}"; do
  [[ $file == *.md ]] || continue
  while read -r target; do
    [ -e "$(dirname "$file")/$target" ] || complain "$file points at $target, which is not there"
  done < <(grep -oE '\]\([^)#: ]+' "$file" | cut -c3-)
done
# Every `make something` that a document names is a target.
while read -r target; do
  grep -q "^$target:" Makefile || complain "a document names 'make $target', which the Makefile does not have"
done < <(grep -ohE '`make [a-z][a-z-]+' README.md README.ja.md CONTRIBUTING.md CHANGELOG.md docs/*.md docs/decisions/*.md | cut -c7- | sort -u)

# A script that the Makefile starts can be started in a fresh clone, where git says what is executable.
while read -r mode _ _ file; do
  [ "$mode" = 100755 ] || ! head -n 1 "$file" | grep -q '^#!' || complain "$file starts with #! and is not executable: git update-index --chmod=+x $file"
done < <(git ls-files --stage -- 'tools/*.sh' .ci/run)

[ "$failed" -eq 0 ] || exit 1
say "${#files[@]} files keep the house rules"
