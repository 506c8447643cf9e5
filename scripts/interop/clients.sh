# Clients against the mock under faults: runs a table (clients.tsv, cookbook.tsv) and prints the outcomes.
# Sourced by scripts/interop.sh, whose $peers and $scratch it uses.

# The command of each client, by its column in the tables; URL is that of the mock, FOLDER the client's own.
declare -A client_program=(
  [tus-js-client]="node $peers/tus-js-client.mjs URL FOLDER"
  [careful]="node $peers/tus-js-client.mjs URL FOLDER --careful"
  [deferred]="node $peers/tus-js-client.mjs URL FOLDER --deferred"
  [tuspy]="$peers/venv/bin/python scripts/interop/tuspy_upload.py URL FOLDER"
)

# cookbook_rules FOLDER: writes each rule of docs/guides/cookbook.md as ANCHOR.json.
cookbook_rules() {
  mkdir -p "$1"
  awk -v folder="$1" '
    /^### / { name = tolower(substr($0, 5)); gsub(/[^a-z0-9 _-]/, "", name); gsub(/ /, "-", name) }
    /^```$/ { inside = 0 }
    inside { print >(folder "/" name ".json") }
    /^```json$/ { inside = 1 }' docs/guides/cookbook.md
}

# client_case CLIENT TRANSPORT FAULTS SEED EXPECTED: one upload against a mock of its own. A fault is
# a built-in one, or an anchor of the cookbook. Prints 'ok' or 'FAILED', the outcome, how often the
# fault fired, and details, on lines of their own.
client_case() (
  client=$1 transport=$2 faults=$3 seed=$4 expected=$5
  cookbook=$scratch/cookbook
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
  for fault in ${faults//,/ }; do
    if [ -e "$cookbook/$fault.json" ]; then
      args+=(--rules "$cookbook/$fault.json")
    elif [ "$fault" != none ]; then
      args+=(--fault "$fault")
    fi
  done
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

# outcome_over TRANSPORT OUTCOME: the part of OUTCOME for a transport; 'a/b' is a without TLS, b over TLS.
outcome_over() { if [ "$1" = plain ]; then echo "${2%/*}"; else echo "${2#*/}"; fi; }

# client_cases TABLE CLIENT...: runs each line of the table for each client, plain and over TLS, several at
# a time because they mostly wait; leaves the results in $scratch/clients/results.
client_cases() (
  table=$1
  shift
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
  done < <(grep -v '^#' "$table")
  wait
)

# client_table TABLE CLIENT...: prints the results: outcome, and how often the fault fired. Adds to
# $passed and $failed.
client_table() {
  local table=$1 width faults js careful deferred py client transport result verdict outcome fired cell
  shift
  width=$(awk '!/^#/ && length($1) >= w { w = length($1) + 1 } END { print w }' "$table")
  printf '%-*s' "$width" fault
  for client in "$@"; do printf ' %-24s %-24s' "$client" "over TLS"; done
  echo
  while read -r faults _ js careful deferred py; do
    local -A outcomes=([tus-js-client]=$js [careful]=$careful [deferred]=$deferred [tuspy]=$py)
    printf '%-*s' "$width" "$faults"
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
  done < <(grep -v '^#' "$table")
  for result in "$scratch"/clients/results/*.failed; do
    [ -e "$result" ] || continue
    echo "FAILED   $(basename "$result" .failed)"
    sed 's/^/         /' "$result"
    rm "$result"
  done
}
