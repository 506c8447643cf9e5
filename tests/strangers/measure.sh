#!/usr/bin/env bash
# Judges each of the wrong servers by all rows, slow ones too, and lists the rows of dex-conformance that
# are red for it.
#   tests/strangers/measure.sh BUILD_DIR TABLE.tsv [NAME...]
# BUILD_DIR holds bin/dex-mock-server, bin/dex-conformance and tests/stranger. Judges two at a time (JOBS);
# all of them take ten minutes. Each line of the table: the wrong, what it takes to see it, the exit code of
# dex-conformance, the rows that are red and those that warn ("-": none), the last line of the report.
# Reports stay in BUILD_DIR/strangers.
set -euo pipefail

# Judges one wrong server: measure.sh --one BUILD_DIR NAME SYSTEM NEEDS
one() {
  local build=$1 name=$2 system=$3 needs=$4 scratch url
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064  # what it is now
  trap "kill \$(cat '$scratch'/*.pid) 2>/dev/null; rm -rf '$scratch'" EXIT
  mkdir "$scratch/deliveries"
  local mock=(--listen 127.0.0.1:0 --control 127.0.0.1:0 --log-level warning)
  local judge=()
  if [ "$system" = dex ]; then
    mock+=(--profile dex --auth jwt --store "$scratch/store" --deliver-root "$scratch/deliveries")
    judge=(--system dex --username-env DEX_USERNAME --password-env DEX_PASSWORD
      --delivered-dir "$scratch/deliveries")
  else
    mock+=(--profile tus --store memory)
  fi
  url=$(started "$scratch/mock" "$build/bin/dex-mock-server" "${mock[@]}")
  url=$(started "$scratch/stranger" "$build/tests/stranger" --upstream "${url#http://}" \
    --wrong "$name")
  local report=$build/strangers/$name.txt code=0
  DEX_USERNAME=demo DEX_PASSWORD=demo "$build/bin/dex-conformance" run --url "$url/files" \
    "${judge[@]}" --slow --all --run-timeout 240 --json "$build/strangers/$name.json" \
    >"$report" 2>"$report.err" || code=$?
  printf '%s\t' "$name" "$needs" "$code" "$(rows 'fail|blocked|error' "$report")" \
    "$(rows warn "$report")"
  grep -E '^(NOT )?CONFORMANT' "$report" || tail -1 "$report"
}

# The rows of a report that have one of these verdicts.
rows() {
  local found
  found=$(sed -nE "s/^($1) +([A-Z0-9-]+).*/\2/p" "$2" | paste -sd' ')
  echo "${found:--}"
}

# Starts a program that prints "ready URL", and prints the URL. Its pid is in FILE.pid.
started() {
  local file=$1
  shift
  : >"$file.out"
  "$@" >"$file.out" 2>"$file.err" &
  echo $! >"$file.pid"
  for _ in $(seq 200); do
    if grep -q '^ready ' "$file.out"; then
      sed -n 's/^ready //p' "$file.out"
      return
    fi
    sleep 0.05
  done
  echo "measure.sh: $1 does not start: $(cat "$file.err")" >&2
  return 1
}

# Writes the table of all wrong servers, or of those that are named.
all() {
  local build table=$2 list lines
  build=$(cd "$1" && pwd)
  shift 2
  mkdir -p "$build/strangers"
  list=$("$build/tests/stranger" --list)
  lines=$(mktemp)
  # shellcheck disable=SC2064  # what it is now
  trap "rm -f '$lines'" EXIT
  cut -f1,2,4 <<<"$list" |
    if [ $# -gt 0 ]; then grep -wF "$(printf '%s\n' "$@")"; else cat; fi |
    xargs -P "${JOBS:-2}" -L 1 "$0" --one "$build" >"$lines"
  {
    printf 'wrong\tneeds\texit\tred\twarn\tverdict\n'
    cut -f1 <<<"$list" | while read -r name; do grep -P "^$name\t" "$lines" || true; done
  } >"$table"
  awk -F'\t' 'NR > 1 { ++all; red += $3 == 1 } END { print red + 0 " of " all " are red" }' "$table"
}

if [ "${1-}" = --one ]; then
  shift
  one "$@"
else
  all "$@"
fi
exit
