#!/usr/bin/env bash
# Checks that are run by hand: scripts/check.sh fmt | tidy | asan | tsan | fuzz [seconds]
source "$(dirname "$0")/lib/common.sh"

usage() { die "usage: scripts/check.sh fmt | tidy | asan | tsan | fuzz [seconds per target]"; }
[ $# -ge 1 ] || usage

sources() { git ls-files '*.cpp' '*.hpp'; }

case $1 in
  fmt)
    install_packages clang-format-14
    sources | xargs clang-format-14 --dry-run --Werror
    echo "formatted: $(sources | wc -l) files"
    ;;
  tidy)
    install_packages "${build_packages[@]}" "${test_packages[@]}" clang-tidy-14
    cmake --preset dev >/dev/null
    build dev # for generated sources
    git ls-files '*.cpp' | grep -v -e '_test\.cpp$' -e /fuzz/ -e /bench/ |
      xargs -P "$(nproc)" -n 2 clang-tidy-14 --quiet -p build/dev
    ;;
  asan | tsan)
    install_packages "${build_packages[@]}" "${test_packages[@]}"
    build "$1"
    ctest --preset "$1" -j "$(nproc)"
    ;;
  fuzz)
    install_packages "${build_packages[@]}" clang-14 libclang-rt-14-dev
    seconds=${2:-60}
    build fuzz
    for target in build/fuzz/fuzz/*; do
      [ -x "$target" ] || continue
      name=$(basename "$target")
      mkdir -p "build/fuzz/corpus/$name"
      say "$name, $seconds s"
      "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/corpus/$name-" "build/fuzz/corpus/$name" 2>&1 |
        grep -E 'ERROR|SUMMARY|stat::number_of_executed_units|Test unit written' ||
        die "$name did not run"
      if ls "build/fuzz/corpus/$name-"crash-* >/dev/null 2>&1; then die "$name found a crash"; fi
    done
    ;;
  *) usage ;;
esac
