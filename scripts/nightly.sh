#!/usr/bin/env bash
# The checks that take too long for CI, about five hours on 2 cores:
#   release     the optimised build, which has warnings of its own
#   asan, tsan  the tests under each sanitizer
#   fuzz        every fuzz target for two minutes
#   alarms      false alarms of dex-conformance
#   peers       servers that others wrote, against what is on record of them
#   netlab      the model of TCP against the kernel's; needs root
#   cluster     loads that several machines share, on a Slurm cluster; needs root
#   compare     `dex-loadgen compare` with real runs
#   pages       the pages of a good server, of broken ones and of loads, in a browser; needs what
#               scripts/interop.sh installs
# Goes on after a failure, and names at the end what failed.
#   scripts/nightly.sh [release | asan | tsan | fuzz | alarms | peers | netlab | cluster | compare | pages]...
# Runs all of them when none is named.
source "$(dirname "$0")/lib/common.sh"

install_packages "${build_packages[@]}"

parts=(release asan tsan fuzz alarms peers netlab cluster compare pages)
for part in "$@"; do
  [[ " ${parts[*]} " == *" $part "* ]] || die "no such part: $part; there are: ${parts[*]}"
done
[ $# -eq 0 ] || parts=("$@")

failed=()
for part in "${parts[@]}"; do
  case $part in
    release) command=(build release) ;;
    fuzz) command=(scripts/check.sh fuzz 120) ;;
    alarms) command=(scripts/alarms.sh) ;;
    peers) command=(scripts/peers.sh) ;;
    netlab) command=(scripts/netlab.sh) ;;
    compare) command=(scripts/compare.sh) ;;
    pages) command=(scripts/pages.sh) ;;
    cluster) command=(scripts/cluster.sh) ;;
    *) command=(scripts/check.sh "$part") ;;
  esac
  begun=$SECONDS
  if "${command[@]}"; then verdict=passed; else verdict=FAILED; failed+=("$part"); fi
  say "$part $verdict after $(((SECONDS - begun + 59) / 60)) min"
done
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
