#!/usr/bin/env bash
# Runs a load on several machines of a Slurm cluster: an array job, a task a shard, and after it, if each
# of them has ended well, a job that puts their reports together and judges the whole.
#   deploy/slurm/run.sh SHARDS FOLDER ARGUMENTS...     ARGUMENTS: those of 'dex-loadgen run'
# FOLDER is one that all machines have (NFS, Lustre): FOLDER/1, FOLDER/2, ... are reports of the shards,
# FOLDER/whole is that of the run, and *.log is what the jobs print. Prints the numbers of both jobs.
#
# START_IN=60        seconds from now to the start of the load: until then every task must have begun,
#                    as one that comes too late ends at once, and the run with it
# DEX_LOADGEN=...    the program, where it is not in PATH of the nodes
# SBATCH_...         as always: SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_EXCLUSIVE=user
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
die() {
  echo "run.sh: $*" >&2
  exit 2
}
[ $# -ge 3 ] || die "usage: run.sh SHARDS FOLDER ARGUMENTS of 'dex-loadgen run'..."
shards=$1
folder=$2
shift 2
[[ $shards =~ ^[1-9][0-9]{0,2}$ ]] || die "'$shards' is no number of shards from 1 to 999"
[[ ${START_IN:=60} =~ ^[1-9][0-9]*$ ]] || die "START_IN is a number of seconds, not '$START_IN'"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
export DEX_LOADGEN=${DEX_LOADGEN:-dex-loadgen}
START_AT=$(date -u -d "+$START_IN seconds" +%Y-%m-%dT%H:%M:%SZ)
export START_AT

load=$(sbatch --parsable --array="1-$shards" --output="$folder/%a.log" "$here/shard.sbatch" "$folder" "$@")
# One that failed must not leave the other waiting for ever.
whole=$(sbatch --parsable --dependency="afterok:${load%%;*}" --kill-on-invalid-dep=yes \
  --output="$folder/merge.log" "$here/merge.sbatch" "$folder" "$shards")
echo "load ${load%%;*}"
echo "merge ${whole%%;*}"
