#!/usr/bin/env bash
# What takes too long for CI: the optimised build, which has warnings of its own, the tests under each
# sanitizer, every fuzz target for two minutes, false alarms of dex-conformance, the servers of other
# people against their records, the model of TCP against the kernel's and loads that several machines
# share, on a cluster of Slurm (both as root only), what `dex-loadgen compare` makes of real runs, and
# the pages of a good server, of broken ones and of loads in a browser (after scripts/interop.sh). About five
# hours on 2 cores. Goes on after a failure and ends with what failed.
#   scripts/nightly.sh [release | asan | tsan | fuzz | alarms | peers | netlab | cluster | compare | pages]...
# All of them when none is named.
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
