#!/usr/bin/env bash
# What takes too long for CI: the tests under each sanitizer, and every fuzz target for two minutes.
# About three hours on 2 cores. Goes on after a failure and ends with what failed.
#   scripts/nightly.sh [asan | tsan | fuzz]...    all of them when none is named
source "$(dirname "$0")/lib/common.sh"

parts=(asan tsan fuzz)
for part in "$@"; do
  [[ " ${parts[*]} " == *" $part "* ]] || die "no such part: $part; there are: ${parts[*]}"
done
[ $# -eq 0 ] || parts=("$@")

failed=()
for part in "${parts[@]}"; do
  arguments=("$part")
  [ "$part" != fuzz ] || arguments+=(120)
  begun=$SECONDS
  if scripts/check.sh "${arguments[@]}"; then verdict=passed; else verdict=FAILED; failed+=("$part"); fi
  say "$part $verdict after $(((SECONDS - begun + 59) / 60)) min"
done
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
