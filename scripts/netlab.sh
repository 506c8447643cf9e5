#!/usr/bin/env bash
# Compares the load generator's model of TCP (loadgen/src/tcp, loadgen/src/link/sender.*) with the kernel's
# TCP, which sends over a relay with delay, rate, queue and loss between two network namespaces. Prints a
# table; fails when the model is too far off. Needs root and /dev/net/tun, but not netem; and a machine that
# has little else to do, because a relay that waits for the processor makes the path longer. About ten
# minutes.
#   scripts/netlab.sh [reno | cubic | bbr]...    all of them when none is named
source "$(dirname "$0")/lib/common.sh"

repeats=5
# control, RTT in ms, loss, kbit/s (0: unlimited), queue in packets, bytes, and how far off the model may
# be in percent; "fit": the model's correction was fitted to this point; "-": printed, without a limit.
points=(
  'reno   100 0.01  0     100  6000000 25'
  'reno   100 0.02  0     100  4000000 25'
  'reno   300 0.01  0     100  2500000 25'
  'reno    70 0.002 12000  50 20000000 25'
  'reno    50 0.01  1000   20  3000000 25'
  'cubic  100 0.01  0     100  8000000 fit'
  'cubic  300 0.01  0     100  4000000 fit'
  'cubic  100 0.02  0     100  4000000 30'
  'cubic  200 0.005 0     100  8000000 30'
  'cubic   70 0.002 12000  50 20000000 30'
  'bbr    100 0.01  8000  100 20000000 -'
  'bbr     70 0.002 12000  50 20000000 -'
)

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(reno cubic bbr)
for control in "${wanted[@]}"; do
  [[ " reno cubic bbr " == *" $control "* ]] || die "there is no model of $control; there are reno, cubic, bbr"
done
[ "$(id -u)" -eq 0 ] || die "namespaces and TUN devices need root"
[ -c /dev/net/tun ] || die "there is no /dev/net/tun"
install_packages "${build_packages[@]}" iproute2
build "${preset:=release}" netlab
netlab=$repo/build/$preset/bench/netlab
make_scratch

lab=lab$$
namespaces=()
remove_namespaces() {
  local name
  for name in ${namespaces[@]+"${namespaces[@]}"}; do ip netns del "$name" 2>/dev/null || :; done
  namespaces=()
}
trap 'remove_namespaces; cleanup' EXIT

listens() { ip netns exec "$1" grep -q ':1E61 00000000:0000 0A' /proc/net/tcp; }

# One transfer over a path of its own; writes its seconds to FILE. A subshell, which stops what it starts.
#   real NUMBER FILE CONTROL RTT LOSS KBIT QUEUE BYTES
real() (
  from=$lab-$1-a
  to=$lab-$1-b
  pids=()
  # A receiver that has already ended is no failure.
  trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || :; done' EXIT
  "$netlab" relay --from "$from" --to "$to" --rtt "$4" --loss "$5" --kbit "$6" --queue "$7" \
    --seed "$1" >"$scratch/relay.$1" &
  pids+=($!)
  wait_for 60 test -s "$scratch/relay.$1" || die "the relay did not start"
  ip -n "$from" addr add 10.77.0.1 peer 10.77.0.2 dev lab
  ip -n "$to" addr add 10.77.0.2 peer 10.77.0.1 dev lab
  ip -n "$from" link set lab up txqueuelen 10000
  ip -n "$to" link set lab up txqueuelen 10000
  ip netns exec "$to" "$netlab" receive --port 7777 --bytes "$8" &
  pids+=($!)
  wait_for 60 listens "$to" || die "the receiver does not listen"
  ip netns exec "$from" timeout 300 "$netlab" send --address 10.77.0.2 --port 7777 --bytes "$8" \
    --cc "$3" >"$2"
)

calc() { awk "BEGIN { printf \"%.4f\", $1 }"; }
middle() { sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

available=" $(cat /proc/sys/net/ipv4/tcp_available_congestion_control) "
missed=0
row='%-7s %6s %6s %7s %6s %9s %9s %6s  %-12s %s\n'
printf "$row" control 'RTT ms' 'loss %' kbit/s queue 'TCP kB/s' model 'off %' allowed 'TCP, each'
for point in "${points[@]}"; do
  read -r control rtt loss kbit queue bytes allowed <<<"$point"
  [[ " ${wanted[*]} " == *" $control "* ]] || continue
  if [[ $available != *" $control "* ]]; then
    echo "$control, $rtt ms, $loss: not measured, as this kernel has only$available"
    continue
  fi
  rm -f "$scratch"/relay.* "$scratch"/seconds.*
  transfers=()
  for number in $(seq $repeats); do
    for end in a b; do
      name=$lab-$number-$end
      ip netns add "$name"
      namespaces+=("$name")
      ip -n "$name" link set lo up
      # A connection must not inherit what an earlier one has learned about the path.
      ip netns exec "$name" sh -c 'echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save'
    done
    real "$number" "$scratch/seconds.$number" "$control" "$rtt" "$loss" "$kbit" "$queue" "$bytes" &
    transfers+=($!)
  done
  for transfer in "${transfers[@]}"; do
    wait "$transfer" || die "$control, $rtt ms, $loss: a transfer failed"
  done
  remove_namespaces
  rates=$(for seconds in "$scratch"/seconds.*; do calc "$bytes / 1000 / $(cat "$seconds")" && echo; done)
  measured=$(middle <<<"$rates")
  seconds=$("$netlab" model --cc "$control" --rtt "$rtt" --loss "$loss" --kbit "$kbit" --queue "$queue" \
    --bytes "$bytes")
  modelled=$(calc "$bytes / 1000 / $seconds")
  off=$(calc "100 * ($modelled / $measured - 1)")
  verdict="$allowed %"
  [ "$allowed" != fit ] || verdict='fitted here'
  [ "$allowed" != - ] || verdict='not held'
  if [[ $allowed =~ ^[0-9]+$ ]] && awk "BEGIN { exit !($off > $allowed || $off < -$allowed) }"; then
    verdict="$verdict MISSED"
    missed=1
  fi
  printf "$row" "$control" "$rtt" "$(awk "BEGIN { print 100 * $loss }")" "$kbit" "$queue" \
    "$(printf %.0f "$measured")" "$(printf %.0f "$modelled")" "$(printf %+.0f "$off")" "$verdict" \
    "$(sort -g <<<"$rates" | awk '{ printf "%.0f ", $1 }')"
done
exit $missed
