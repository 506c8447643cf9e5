#!/usr/bin/env bash
# Runs a load on several machines by ssh, through GNU parallel: a shard on each, and puts their reports
# together here. The exit code is that of 'dex-loadgen merge'.
#   deploy/parallel/run.sh HOSTS FOLDER ARGUMENTS...     ARGUMENTS: those of 'dex-loadgen run'
# HOSTS is a file with a machine on each line, as for 'parallel --sshloginfile' (user@host; ':' is this
# machine); one may be there several times. Each has the program, and files that ARGUMENTS name, at the
# same place. FOLDER/1, FOLDER/2, ... will be the reports of the shards, FOLDER/whole that of the run.
#
# START_IN=15        seconds from now to the start of the load, in which all machines are reached
# DEX_LOADGEN=...    the program, where it is not in PATH of the machines
set -euo pipefail

die() {
  echo "run.sh: $*" >&2
  exit 2
}
[ $# -ge 3 ] || die "usage: run.sh HOSTS FOLDER ARGUMENTS of 'dex-loadgen run'..."
command -v parallel >/dev/null || die "needs GNU parallel: apt-get install parallel"
mapfile -t hosts < <(sed 's/#.*//' "$1" | awk 'NF { print $1 }')
folder=$2
shift 2
shards=${#hosts[@]}
[ "$shards" -gt 0 ] || die "there is no machine in the list"
[[ ${START_IN:=15} =~ ^[1-9][0-9]*$ ]] || die "START_IN is a number of seconds, not '$START_IN'"
program=${DEX_LOADGEN:-dex-loadgen}
at=$(date -u -d "+$START_IN seconds" +%Y-%m-%dT%H:%M:%SZ)
mkdir -p "$folder"

# What a shard does on its machine: what it prints comes back as its errors, and its report as a tar file,
# where the machines need no folder in common.
arguments=$(printf '%q ' "$program" run "$@" --start-at "$at")
export shards folder
# shellcheck disable=SC2016  # for the machine's own shell
export on_machine='set -e
there=$(mktemp -d)
trap '\''rm -rf "$there"'\'' EXIT
'"$arguments"' --shard "$number/$shards" --report "$there" >&2 </dev/null
tar -C "$there" -cf - .'

# one_shard NUMBER HOST
one_shard() {
  set -o pipefail
  mkdir -p "$folder/$1"
  local run=(ssh -o BatchMode=yes "$2" bash -s)
  [ "$2" != : ] || run=(bash -s)
  printf 'number=%d shards=%d\n%s\n' "$1" "$shards" "$on_machine" | "${run[@]}" | tar -C "$folder/$1" -xf -
}
export -f one_shard

# As many at a time as there are: they wait for each other.
SHELL=/bin/bash parallel --will-cite --jobs "$shards" --halt now,fail=1 --tag --line-buffer \
  one_shard ::: $(seq "$shards") :::+ "${hosts[@]}"

reports=()
for number in $(seq "$shards"); do reports+=("$folder/$number"); done
"$program" merge "$folder/whole" "${reports[@]}"
