#!/usr/bin/env bash
# Loads that several machines share (docs/guides/many-machines.md), here on one machine:
#   slurm     the jobs of deploy/slurm on a cluster of Debian's slurm-wlm with one node, against a mock: four
#             shards together must do what one process does, upload by upload and cut by cut
#   parallel  the same with deploy/parallel and GNU parallel
#   many      30,000 uploads at a time, as three shards against three mocks, because one process may have only
#             20,000 open files; prints the figures of the whole and the memory of each process
#   scripts/cluster.sh [slurm | parallel | many]...    default: all
# slurm needs root. Listens only on the loopback, and stops what it starts.
source "$(dirname "$0")/lib/common.sh"

sections=("$@")
[ ${#sections[@]} -gt 0 ] || sections=(slurm parallel many)
for section in "${sections[@]}"; do
  case $section in slurm | parallel | many) ;; *) die "there is no section '$section'; there are slurm, parallel and many" ;; esac
done
wants() { [[ " ${sections[*]} " == *" $1 "* ]]; }

install_packages "${build_packages[@]}" jq
build "${preset:=release}" dex-mock-server dex-loadgen
bin=$repo/build/$preset/bin
export DEX_LOADGEN=$bin/dex-loadgen
make_scratch
shards=4

# A load of some seconds with regions, phases, cuts, and a group that has a count of its own.
cat >"$scratch/scenario.json" <<'END'
{
  "seed": 17, "arrival": "poisson", "size": "uniform:1KiB-64KiB", "retry_delays": "0s,1s,1s,1s,1s,1s,1s,1s,1s,1s",
  "phases": [{"phase": "ramp", "for": "3s", "load": "60/s"}, {"phase": "hold", "for": "5s", "load": "60/s"},
             {"phase": "drain"}],
  "regions": [{"name": "north", "uplink": "40Mbit/s"}, {"name": "south", "uplink": "40Mbit/s"}],
  "partners": [
    {"name": "labs", "weight": 3, "files": "1-3", "network": "flaky"},
    {"name": "clinics", "weight": 1, "region": "north"},
    {"name": "schools", "weight": 1, "region": "south", "network": "flaky"},
    {"name": "state", "count": 6, "after": "1s", "files": 4, "parallel": 2, "network": "flaky"}]
}
END

# of_report FOLDER: what scenario and seed determine about every upload.
of_report() { awk -F, '{ print $1, $4, $5, $19 }' "$1/uploads.csv"; }
# figures FOLDER: the figures of the whole load.
figures() { jq -c '[.cuts_digest, .summary.uploads, .summary.verified, .summary.acknowledged_bytes, .summary.cuts]' "$1/summary.json"; }
# same NAME FOLDER: fails unless FOLDER has the same uploads and figures as one process.
same() {
  diff <(of_report "$scratch/one") <(of_report "$2") || die "$1: the uploads are not those of one process"
  [ "$(figures "$scratch/one")" = "$(figures "$2")" ] ||
    die "$1: $(figures "$2"), and one process has $(figures "$scratch/one")"
  echo "$1: $shards shards are one process: [digest of cuts, uploads, verified, bytes, cuts] $(figures "$2")"
}

one_process() {
  [ ! -e "$scratch/one" ] || return 0
  start_mock mock --store "$scratch/store"
  "$bin/dex-loadgen" run "$scratch/scenario.json" --url "$mock_url/files" --report "$scratch/one" >"$scratch/one.log" 2>&1 ||
    die "one process: $(tail -20 "$scratch/one.log")"
}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  done
  echo "$port"
}

# start_slurm: munged, slurmctld and slurmd of our own, with nothing outside of the scratch folder.
start_slurm() {
  local name folder=$scratch/slurm
  name=$(hostname -s)
  mkdir -p "$folder"/{munge,state,spool}
  chmod 755 "$scratch" "$folder" "$folder/munge"
  dd if=/dev/urandom of="$folder/munge/key" bs=1024 count=1 status=none
  chmod 400 "$folder/munge/key"
  # Claims more processors than there may be: the shards have to run at the same time, and mostly wait.
  cat >"$folder/slurm.conf" <<END
ClusterName=dex
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobs
ReturnToService=2
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
NodeName=$name NodeAddr=127.0.0.1 CPUs=$((shards + 1)) State=UNKNOWN
PartitionName=load Nodes=$name Default=YES MaxTime=INFINITE State=UP
END
  export SLURM_CONF=$folder/slurm.conf
  local begun=$SECONDS
  # cleanup stops processes in the order of `started`: Slurm first, then munged, which it authenticates with.
  munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" >"$folder/munged.log" 2>&1 &
  local munge=$!
  wait_for 20 test -S "$folder/munge/socket" || die "munged did not start: $(cat "$folder/munged.log" "$folder/munge/log")"
  slurmctld -D >"$folder/slurmctld.out" 2>&1 &
  started+=($!)
  slurmd -D -N "$name" >"$folder/slurmd.out" 2>&1 &
  started+=($! "$munge")
  wait_for 60 idle_node || die "Slurm did not start: $(tail -20 "$folder/slurmctld.log" "$folder/slurmd.log")"
  sinfo
  echo "Slurm was up after $((SECONDS - begun)) s"
}
idle_node() { [ "$(sinfo --noheader --format %T 2>/dev/null)" = idle ]; }

# over JOB: whether it has ended, in any way.
over() { scontrol show job "$1" 2>/dev/null | grep -q 'JobState=\(COMPLETED\|FAILED\|CANCELLED\|TIMEOUT\|NODE_FAIL\)'; }
state_of() { scontrol show job "$1" | grep -o 'JobState=[A-Z_]*' | sort -u | tr '\n' ' '; }

by_slurm() {
  say "Slurm"
  [ "$(id -u)" -eq 0 ] || die "slurm needs root"
  install_packages slurm-wlm munge
  one_process
  start_slurm
  START_IN=10 deploy/slurm/run.sh $shards "$scratch/jobs" "$scratch/scenario.json" --url "$mock_url/files" | tee "$scratch/numbers"
  local load merge
  load=$(awk '$1 == "load" { print $2 }' "$scratch/numbers")
  merge=$(awk '$1 == "merge" { print $2 }' "$scratch/numbers")
  squeue --states=all
  wait_for 180 over "$merge" || die "the merge job did not end: $(squeue --states=all; cat "$scratch"/jobs/*.log)"
  squeue --states=all
  echo "load: $(state_of "$load") merge: $(state_of "$merge")"
  [ "$(state_of "$merge")" = 'JobState=COMPLETED ' ] || die "$(cat "$scratch"/jobs/*.log)"
  cat "$scratch/jobs/merge.log"
  same Slurm "$scratch/jobs/whole"

  # A shard that cannot take part ends the run, because a part of the load must not be taken for the whole.
  say "Slurm, with a target that is not there"
  START_IN=10 deploy/slurm/run.sh 2 "$scratch/none" "$scratch/scenario.json" --url http://127.0.0.1:1/files | tee "$scratch/numbers"
  merge=$(awk '$1 == "merge" { print $2 }' "$scratch/numbers")
  wait_for 120 over "$merge" || die "the merge job waits for ever: $(squeue --states=all)"
  cat "$scratch/none/1.log"
  echo "merge: $(state_of "$merge")"
  [ "$(state_of "$merge")" = 'JobState=CANCELLED ' ] || die "the merge job should have been cancelled"
}

by_parallel() {
  say "GNU parallel"
  install_packages parallel
  one_process
  for _ in $(seq $shards); do echo :; done >"$scratch/hosts"
  START_IN=5 deploy/parallel/run.sh "$scratch/hosts" "$scratch/by-hand" "$scratch/scenario.json" --url "$mock_url/files" >"$scratch/by-hand.log" 2>&1 ||
    die "$(tail -30 "$scratch/by-hand.log")"
  tail -1 "$scratch/by-hand.log"
  same 'GNU parallel' "$scratch/by-hand/whole"
}

# peak PID: the highest resident memory of a process, in MiB.
peak() { awk '/^VmHWM/ { printf "%d", $2 / 1024 }' "/proc/$1/status" 2>/dev/null || echo '?'; }

# Slow lines, as in fixtures/scenarios/10k-rural.json, so that all uploads are open at the same time.
many() {
  say "30,000 uploads at a time: three shards, three mocks"
  cat >"$scratch/many.json" <<'END'
{
  "description": "30,000 partners come within 30 s; each sends 16 KiB in 40 s or more",
  "seed": 30000,
  "give_up": "2min",
  "partners": [{"name": "thin", "count": 30000, "arrival": "constant", "over": "30s", "size": "16KiB", "payload": "random",
                "network": {"name": "thin", "description": "400 bytes a second", "upload_rate": "400B/s", "stall_timeout": "60s"}}]
}
END
  [ "$(ulimit -Hn)" -ge 20000 ] || die "each process needs 20,000 open files, and may have $(ulimit -Hn)"
  ulimit -n "$(ulimit -Hn)"
  local number at memory pids=() reports=() url
  for number in 1 2 3; do start_mock "many$number" --store "$scratch/store$number"; done
  "$bin/dex-loadgen" run "$scratch/many.json" --plan --shard 1/3
  at=$(date -u -d '+10 seconds' +%Y-%m-%dT%H:%M:%SZ)
  for number in 1 2 3; do
    url=many${number}_url
    reports+=("$scratch/many/$number")
    "$bin/dex-loadgen" run "$scratch/many.json" --url "${!url}/files" --system tus --shard "$number/3" --start-at "$at" \
      --report "$scratch/many/$number" >"$scratch/many.$number.log" 2>&1 &
    pids+=($!)
    started+=($!)
  done
  # Read the memory while the processes live: it cannot be read afterwards.
  : >"$scratch/memory"
  while kill -0 "${pids[@]}" 2>/dev/null; do
    for number in 1 2 3; do
      memory=$(peak "${pids[number - 1]}")
      [[ ! $memory =~ ^[0-9]+$ ]] || echo "$number $memory" >>"$scratch/memory"
    done
    sleep 1
  done
  for number in 1 2 3; do
    wait "${pids[number - 1]}" || die "shard $number: $(tail -5 "$scratch/many.$number.log")"
  done
  "$bin/dex-loadgen" merge "$scratch/many/whole" "${reports[@]}" | tee "$scratch/many.log"
  tail -n +2 "$scratch/many/whole/seconds.csv" | awk -F, '
    $5 > most { most = $5; second = $1 }
    END { printf "%d uploads were in flight in second %d\n", most, second; exit most < 29000 }' ||
    die "30,000 were never there at a time"
  for number in 1 2 3; do
    memory=$(awk -v n=$number '$1 == n && $2 > most { most = $2 } END { print most }' "$scratch/memory")
    pid=many${number}_pid
    echo "shard $number: $memory MiB; its mock: $(peak "${!pid}") MiB"
  done
}

! wants slurm || by_slurm
! wants parallel || by_parallel
! wants many || many
