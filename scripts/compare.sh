#!/usr/bin/env bash
# Tests `dex-loadgen compare` with real runs, which takes too long for CI. Of 40 pairs of equal runs it may
# tell at most two apart. Of 10 pairs with a mock whose answers take 5 % longer it has to find nine. Prints a
# line for each pair that it tells apart, and a table. 25 minutes.
#   scripts/compare.sh [PAIRS]    PAIRS of equal runs [40], and a quarter as many of the others
source "$(dirname "$0")/lib/common.sh"

pairs=${1:-40}
[[ $pairs =~ ^[0-9]+$ ]] && [ "$pairs" -ge 4 ] || die "at least 4 pairs, not $pairs"
if [ -z "${DEX_COMPARE_PRESET:-}" ]; then # it may name a preset that is built already
  install_packages "${build_packages[@]}" jq
  build "${preset:=release}" dex-mock-server dex-loadgen
fi
preset=${DEX_COMPARE_PRESET:-$preset}
loadgen=$repo/build/$preset/bin/dex-loadgen
make_scratch

delayed() { printf '{"when": {"method": ["POST", "PATCH"]}, "then": {"pace": {"before": "%sms"}}}' "$1"; }
delayed 400 >"$scratch/equal.json"
delayed 420 >"$scratch/slower.json"
start_mock equal --profile tus --store memory --rules "$scratch/equal.json"
start_mock slower --profile tus --store memory --rules "$scratch/slower.json"

# load NAME URL: 24 seconds of ten clients that upload one file after the other.
load() {
  "$loadgen" run --url "$2/files" --system tus --size 16KiB --concurrency 10 --duration 24s \
    --verify none --report "$scratch/$1" >/dev/null 2>"$scratch/$1.log" || die "$(cat "$scratch/$1.log")"
}

# told BASE NEW: whether compare tells two runs apart; prints what it says of them.
told() {
  local status=0
  "$loadgen" compare "$scratch/$1" "$scratch/$2" --json "$scratch/compared.json" >/dev/null || status=$?
  [ $status -le 1 ] || die "compare ended with $status"
  jq -r --arg pair "$1 $2" '.figures[] | select(.sentence) | "  \($pair): \(.sentence)"' \
    "$scratch/compared.json"
  jq -e '[.figures[] | select(.finding == "worse" or .finding == "better")] | length > 0' \
    "$scratch/compared.json" >/dev/null
}

wolves=0
found=0
slower=0
# shellcheck disable=SC2154  # start_mock sets them
for i in $(seq 0 "$pairs"); do
  load "equal.$i" "$equal_url"
  if [ "$i" -gt 0 ] && told "equal.$((i - 1))" "equal.$i"; then wolves=$((wolves + 1)); fi
  if [ $((i % 4)) -eq 3 ]; then
    load "slower.$i" "$slower_url"
    slower=$((slower + 1))
    if told "equal.$i" "slower.$i" | grep worse:; then found=$((found + 1)); fi
  fi
done
printf '%-22s %6s %6s %8s\n' pairs of told allowed
printf '%-22s %6d %6d %8s\n' 'equal' "$pairs" $wolves "<= $((pairs / 20))" '5 % slower' $slower $found \
  ">= $((slower * 9 / 10))"
[ $wolves -le $((pairs / 20)) ] && [ $found -ge $((slower * 9 / 10)) ]
