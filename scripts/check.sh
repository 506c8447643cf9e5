#!/usr/bin/env bash
# Checks that are run by hand: scripts/check.sh fmt | tidy | asan | tsan | fuzz [seconds]
source "$(dirname "$0")/lib/common.sh"

usage() { die "usage: scripts/check.sh fmt | tidy | asan | tsan | fuzz [seconds per target]"; }
[ $# -ge 1 ] || usage

# Runs one fuzz target for $seconds and prints one line; fails when the target finds something.
fuzz_one() {
  mkdir -p "build/fuzz/corpus/$1"
  local seeds=()
  [ "$1" != fuzz_misbehave_rules ] || seeds=(fixtures/misbehaviours/faults fixtures/misbehaviours/defects)
  if "build/fuzz/fuzz/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/found/$1-" "build/fuzz/corpus/$1" "${seeds[@]}" >"build/fuzz/found/$1.log" 2>&1; then
    echo "ok      $1: $(grep -o 'number_of_executed_units: *[0-9]*' "build/fuzz/found/$1.log" | grep -o '[0-9]*$') runs in $seconds s"
  else
    echo "FAILED  $1"
    tail -30 "build/fuzz/found/$1.log"
    return 1
  fi
}
export -f fuzz_one

sources() { git ls-files '*.cpp' '*.hpp'; }

case $1 in
  fmt)
    install_packages clang-format-14
    sources | xargs clang-format-14 --dry-run --Werror
    echo "formatted: $(sources | wc -l) files"
    ;;
  tidy)
    install_packages "${build_packages[@]}" "${test_packages[@]}" clang-tidy-14
    build tidy # for generated sources; without precompiled headers, which would hide a missing include
    # The commands are g++'s, with options that clang does not know.
    git ls-files '*.cpp' | grep -v -e '_test\.cpp$' -e /fuzz/ -e /bench/ |
      xargs -P "$(nproc)" -n 2 clang-tidy-14 --quiet -p build/tidy \
        --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-unused-command-line-argument
    ;;
  asan | tsan)
    install_packages "${build_packages[@]}" "${test_packages[@]}"
    build "$1"
    ctest --preset "$1" -j "$(nproc)"
    ;;
  fuzz)
    install_packages "${build_packages[@]}" clang-14 libclang-rt-14-dev
    export seconds=${2:-60}
    [[ $seconds =~ ^[1-9][0-9]*$ ]] || usage
    build fuzz fuzzers
    mkdir -p build/fuzz/corpus build/fuzz/found
    find build/fuzz/fuzz -type f -executable -printf '%f\n' | sort |
      xargs -P "$(nproc)" -I{} bash -c 'fuzz_one "$1"' _ {} || die "a target found something: see build/fuzz/found"
    ;;
  *) usage ;;
esac
