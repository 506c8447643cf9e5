# Clients against the mock under faults: runs clients.tsv and prints a table of what came of it.
# Sourced by scripts/interop.sh, whose $peers and $scratch it uses.

# What runs each client, by the columns of clients.tsv; URL is the mock's, FOLDER the client's own.
declare -A client_program=(
  [tus-js-client]="node $peers/tus-js-client.mjs URL FOLDER"
  [careful]="node $peers/tus-js-client.mjs URL FOLDER --careful"
  [deferred]="node $peers/tus-js-client.mjs URL FOLDER --deferred"
  [tuspy]="$peers/venv/bin/python scripts/interop/tuspy_upload.py URL FOLDER"
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
  read -ra program <<<"${client_program[$client]}"
  program=("${program[@]/#FOLDER/$scratch}")
  # shellcheck disable=SC2154  # set by start_mock
  program=("${program[@]/#URL/$mock_url}")
  env CREDENTIALS=demo:demo ${ca[@]+"${ca[@]}"} timeout 120 "${program[@]}" >"$scratch/said" 2>&1 &
  started+=($!)
  verdict=ok
  wait $! || verdict=FAILED
  outcome=$(tail -1 "$scratch/said" | cut -d: -f1)
  rules=$(env ${ca[@]+"${ca[@]}"} curl -fs --max-time 5 --retry 20 --retry-all-errors --retry-delay 1 "$mock_url/_mock/rules")
  fired=$(grep -oE '"fired": ?[0-9]+' <<<"$rules" | grep -oE '[0-9]+' | paste -sd+ || :)
  if [ "$faults" != none ] && [[ ! $fired =~ [1-9] ]]; then outcome+=+avoided; fi
  outcome=${outcome#survived+}
  [ "$outcome" = "$expected" ] || verdict=FAILED
  [[ $outcome = avoided || "+$fired+" != *+0+* ]] || verdict=FAILED
  printf '%s\n' "$verdict" "$outcome" "$fired"
  echo "expected '$expected'; and of several faults, each has to fire"
  tail -20 "$scratch/said"
  [ $verdict = ok ] || echo "$rules"
)

# outcome_over TRANSPORT OUTCOME: OUTCOME holds for both, or is 'over plain/over TLS'.
outcome_over() { if [ "$1" = plain ]; then echo "${2%/*}"; else echo "${2#*/}"; fi; }

# client_cases CLIENT...: each line of clients.tsv for each client, plain and over TLS, several at a
# time since they mostly wait; the results are left in $scratch/clients/results.
client_cases() (
  trap 'kill $(jobs -rp) 2>/dev/null || :' EXIT
  mkdir -p "$scratch/clients/results"
  running=0
  while read -r faults seed js careful deferred py; do
    declare -A outcomes=([tus-js-client]=$js [careful]=$careful [deferred]=$deferred [tuspy]=$py)
    for client in "$@"; do
      for transport in plain tls; do
        expected=$(outcome_over "$transport" "${outcomes[$client]}")
        [ "$expected" != - ] || continue
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
  local faults js careful deferred py client transport result verdict outcome fired cell
  printf '%-25s' fault
  for client in "$@"; do printf ' %-24s %-24s' "$client" "over TLS"; done
  echo
  while read -r faults _ js careful deferred py; do
    local -A outcomes=([tus-js-client]=$js [careful]=$careful [deferred]=$deferred [tuspy]=$py)
    printf '%-25s' "$faults"
    for client in "$@"; do
      for transport in plain tls; do
        result=$scratch/clients/results/$faults-$client-$transport
        if [ "$(outcome_over "$transport" "${outcomes[$client]}")" = - ]; then
          printf ' %-24s' -
          continue
        fi
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
        printf ' %-24s' "$cell"
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
