# Clients against each TLS fault of the mock: runs tls-faults.tsv. Sourced by scripts/interop.sh, whose
# $peers, $scratch, ok, not_ok and skip it uses.

# curl_outcome PORT NAME [OPTION...]: curl's exit code and message, without the numbers of OpenSSL's errors;
# 'taken' for 0, 'waits' for a timeout.
curl_outcome() {
  local port=$1 name=$2 said status=0 patience=30
  shift 2
  [[ $name != stall-* ]] || patience=3
  said=$(curl -sS --noproxy '*' --max-time $patience --cacert "$scratch/tls/ca.pem" --resolve "$name.localhost:$port:127.0.0.1" \
    -o /dev/null "$@" "https://$name.localhost:$port/" 2>&1) || status=$?
  case $status in
    0) echo taken ;;
    28) echo waits ;;
    *) echo "$status $(head -1 <<<"$said" | sed -E 's/^curl: \([0-9]+\) //; s/.*:://; s/ in connection to .*//')" ;;
  esac
}

# tls_outcomes CLIENT PORT NAME...: prints lines of name, tab, outcome.
tls_outcomes() {
  local client=$1 port=$2 name pids=()
  shift 2
  case $client in
    curl)
      for name in "$@"; do
        printf '%s\t%s\n' "$name" "$(curl_outcome "$port" "$name")" &
        pids+=($!)
      done
      wait "${pids[@]}"
      ;;
    curl-checking)
      for name in "$@"; do
        local option=(--crlfile "$scratch/tls/crl.pem")
        [[ $name != *stapl* ]] || option=(--cert-status)
        printf '%s\t%s\n' "$name" "$(curl_outcome "$port" "$name" "${option[@]}")" &
        pids+=($!)
      done
      wait "${pids[@]}"
      ;;
    tus-js-client) node "$peers/tls-faults.mjs" tus "$port" "$scratch/tls/ca.pem" "$@" ;;
    tuspy) REQUESTS_CA_BUNDLE=$scratch/tls/ca.pem "$peers/venv/bin/python" scripts/interop/tls_faults.py "$port" "$@" ;;
    chromium) HOME=$scratch/browser node "$peers/tls-faults.mjs" browser "$port" "$scratch/tls/ca.pem" "$@" ;;
  esac
}

# trust_in_browser: makes a browser profile in which the mock's authority is trusted.
trust_in_browser() {
  command -v certutil >/dev/null || install_packages libnss3-tools
  local db=$scratch/browser/.pki/nssdb
  mkdir -p "$db"
  certutil -d "sql:$db" -N --empty-password
  certutil -d "sql:$db" -A -t C,, -n mock -i "$scratch/tls/ca.pem"
}

# tls_cases CLIENT...: runs each line of tls-faults.tsv for each client.
tls_cases() {
  local mock_url='' port client name column outcome expected names=() columns=()
  start_mock mock --profile tus --store memory --tls-self-signed "$scratch/tls" --log-level warning
  port=${mock_url##*:}
  IFS=$'\t' read -ra columns < <(grep '^# name' scripts/interop/tls-faults.tsv)
  mapfile -t names < <(grep -v '^#' scripts/interop/tls-faults.tsv | cut -f1)
  [[ " $* " != *" chromium "* ]] || trust_in_browser
  for client in "$@"; do
    tls_outcomes "$client" "$port" "${names[@]}" >"$scratch/tls-$client" 2>"$scratch/tls-$client.err" || :
    for column in "${!columns[@]}"; do [ "${columns[$column]}" != "$client" ] || break; done
    local wrong=0
    for name in "${names[@]}"; do
      expected=$(awk -F'\t' -v name="$name" -v column=$((column + 1)) '$1 == name {print $column}' scripts/interop/tls-faults.tsv)
      outcome=$(awk -F'\t' -v name="$name" '$1 == name {print $2}' "$scratch/tls-$client")
      [ "$expected" != - ] || continue
      [ "$outcome" = "$expected" ] && continue
      wrong=1
      not_ok "$client, $name: '$outcome', expected '$expected'"
    done
    if [ $wrong -eq 0 ]; then ok "$client meets ${#names[@]} TLS faults as the guide says"; else tail -20 "$scratch/tls-$client.err"; fi
  done
}
