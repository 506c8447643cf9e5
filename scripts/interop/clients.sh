# Clients against the mock under faults: runs clients.tsv and prints a table of what came of it.
# Sourced by scripts/interop.sh, whose $peers and $scratch it uses.

# What runs each client; its arguments are the base URL and a folder of its own.
declare -A client_program=(
  [tus-js-client]="node $peers/tus-js-client.mjs"
  [tuspy]="$peers/venv/bin/python scripts/interop/tuspy_upload.py"
)

# client_case CLIENT TRANSPORT FAULTS SEED EXPECTED: one upload against a mock of its own. Prints
# 'ok' or 'FAILED', the outcome, how often the fault fired, and details, on lines of their own.
client_case() (
  client=$1 transport=$2 faults=$3 seed=$4 expected=$5
  scratch=$scratch/clients/$faults-$client-$transport
  mkdir -p "$scratch"
  started=()
  trap cleanup EXIT
  trap 'exit 143' TERM
  args=(--profile dex --auth jwt --store "$scratch/store" --seed "$seed" --log-level warning)
  ca=()
  if [ "$transport" = tls ]; then
    args+=(--tls-self-signed "$scratch/tls")
    ca=(NODE_EXTRA_CA_CERTS="$scratch/tls/ca.pem" REQUESTS_CA_BUNDLE="$scratch/tls/ca.pem" CURL_CA_BUNDLE="$scratch/tls/ca.pem")
  fi
  for fault in ${faults//,/ }; do [ "$fault" = none ] || args+=(--fault "$fault"); done
  start_mock mock "${args[@]}"
  # shellcheck disable=SC2086,SC2154  # a program and its argument; set by start_mock
  env CREDENTIALS=demo:demo ${ca[@]+"${ca[@]}"} timeout 120 ${client_program[$client]} "$mock_url" "$scratch" \
    >"$scratch/said" 2>&1 &
  started+=($!)
  verdict=ok
  wait $! || verdict=FAILED
  outcome=$(tail -1 "$scratch/said" | cut -d: -f1)
  [ "$outcome" = "$expected" ] || verdict=FAILED
  rules=$(env ${ca[@]+"${ca[@]}"} curl -fsS --retry 20 --retry-all-errors --retry-delay 1 "$mock_url/_mock/rules")
  fired=$(grep -oE '"fired": ?[0-9]+' <<<"$rules" | grep -oE '[0-9]+' | paste -sd+ || :)
  [ "$faults" = none ] || [[ $fired && "+$fired+" != *+0+* ]] || verdict=FAILED
  printf '%s\n' "$verdict" "$outcome" "$fired"
  echo "expected '$expected', and no fault that does not fire"
  tail -20 "$scratch/said"
  [ $verdict = ok ] || echo "$rules"
)

# client_cases CLIENT...: each line of clients.tsv for each client, plain and over TLS, several at a
# time since they mostly wait; the results are left in $scratch/clients/results.
client_cases() (
  trap 'kill $(jobs -rp) 2>/dev/null || :' EXIT
  mkdir -p "$scratch/clients/results"
  running=0
  while read -r faults seed js py; do
    for client in "$@"; do
      if [ "$client" = tuspy ]; then expected=$py; else expected=$js; fi
      for transport in plain tls; do
        if [ $running -ge $((4 * $(nproc))) ]; then
          wait -n || :
          running=$((running - 1))
        fi
        client_case "$client" "$transport" "$faults" "$seed" "$expected" \
          >"$scratch/clients/results/$faults-$client-$transport" 2>&1 &
        running=$((running + 1))
      done
    done
  done < <(grep -v '^#' scripts/interop/clients.tsv)
  wait
)

# client_table CLIENT...: the results: outcome, and how often the fault fired. Adds to
# $passed and $failed.
client_table() {
  local faults client transport result verdict outcome fired cell
  printf '%-26s' fault
  for client in "$@"; do printf ' %-27s %-27s' "$client" "over TLS"; done
  echo
  while read -r faults _; do
    printf '%-26s' "$faults"
    for client in "$@"; do
      for transport in plain tls; do
        result=$scratch/clients/results/$faults-$client-$transport
        verdict='' outcome='' fired=''
        { read -r verdict && read -r outcome && read -r fired; } <"$result" || verdict=FAILED
        cell="$outcome${fired:+ ($fired)}"
        if [ "$verdict" = ok ]; then
          passed=$((passed + 1))
        else
          failed=$((failed + 1))
          cell="FAILED: $cell"
          mv "$result" "$result.failed"
        fi
        printf ' %-27s' "$cell"
      done
    done
    echo
  done < <(grep -v '^#' scripts/interop/clients.tsv)
  for result in "$scratch"/clients/results/*.failed; do
    [ -e "$result" ] || continue
    echo "FAILED   $(basename "$result" .failed)"
    sed 's/^/         /' "$result"
  done
}
