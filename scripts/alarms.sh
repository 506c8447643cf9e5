#!/usr/bin/env bash
# Looks for false alarms of dex-conformance; takes too long for CI.
#   lines   right servers behind slow lines and behind nginx: the mock in several profiles, and tusd
#           and @tus/server if scripts/interop.sh has built them
#   seeds   20 runs with 20 seeds against the mock, as tus and as DEX: no verdict may change
#   scripts/alarms.sh [lines | seeds]...    both when none is named
source "$(dirname "$0")/lib/common.sh"

parts=(lines seeds)
for part in "$@"; do
  [[ " ${parts[*]} " == *" $part "* ]] || die "no such part: $part; there are: ${parts[*]}"
done
[ $# -eq 0 ] || parts=("$@")

install_packages "${build_packages[@]}" "${test_packages[@]}" jq
preset=dev # which scripts/test.sh has built; no outcome here depends on speed
build "$preset" dex-mock-server dex-conformance slow_line alarms_test
bin=build/$preset/bin
make_scratch
failed=0

lines() {
  DEX_ALARMS=whole DEX_ALARMS_PEERS="$repo/build/interop" "build/$preset/tests/alarms_test" \
    --gtest_filter='*AnyServer*' --gtest_brief=1
}

# judged PROFILE SEED ARGS...: one run; adds its verdicts to a file.
judged() {
  local profile=$1 seed=$2
  shift 2
  DEX_USERNAME=demo DEX_PASSWORD=demo "$bin/dex-conformance" run "$@" --seed "$seed" \
    --json "$scratch/$profile.$seed.json" >"$scratch/$profile.$seed.txt" 2>&1 ||
    tail -20 "$scratch/$profile.$seed.txt"
  jq -r '.results[] | "\(.id) \(.verdict)"' "$scratch/$profile.$seed.json" \
    >>"$scratch/$profile.verdicts"
}

# twenty PROFILE ARGS...: runs with 20 seeds; prints the rows whose verdict is not the same in all of them.
twenty() {
  local profile=$1 seed changed
  shift
  : >"$scratch/$profile.verdicts"
  for seed in $(seq 20); do judged "$profile" "$seed" "$@"; done
  changed=$(sort "$scratch/$profile.verdicts" | uniq -c | awk '$1 != 20')
  echo "$profile: $(wc -l <"$scratch/$profile.verdicts") verdicts, changed: ${changed:-none}"
  [ -z "$changed" ]
}

seeds() {
  local status=0
  start_mock tus --profile tus --store memory --control 127.0.0.1:0
  # shellcheck disable=SC2154  # start_mock sets it
  twenty tus --url "$tus_url/files" --system tus || status=1
  mkdir -p "$scratch/store/deliveries"
  start_mock dex --profile dex --auth jwt --store "$scratch/store" --control 127.0.0.1:0
  # shellcheck disable=SC2154  # start_mock sets it
  twenty dex --url "$dex_url/files" --system dex --delivered-dir "$scratch/store/deliveries" \
    --username-env DEX_USERNAME --password-env DEX_PASSWORD || status=1
  return $status
}

for part in "${parts[@]}"; do
  say "Alarms: $part"
  "$part" || failed=1
done
[ $failed -eq 0 ]
