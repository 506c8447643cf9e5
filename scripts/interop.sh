#!/usr/bin/env bash
# Runs real peers against our programs:
# - tus-js-client and tuspy upload to the mock, plain and over TLS, under the faults of interop/clients.tsv
#   and under rules of the cookbook (interop/cookbook.tsv)
# - these clients, curl and a browser meet the TLS faults of interop/tls-faults.tsv
# - clients of Open Humans, One Codex and object storage run the examples of the guides, under the faults of
#   interop/uploads.json
# - the mock and tusd finish each other's uploads in one folder
# - Kubernetes' own types read deploy/kubernetes
# - a validator compares the JSON Schemas with the fixtures
# - dex-conformance judges @tus/server and tusd against the baselines in fixtures/baselines, and again behind
#   a relay that damages bytes, where both have to be red; and the mock in HTTP/2 behind nginx
# - a browser opens the reports that are pages
# Names a peer as skipped when its toolchain (node, python3, go) is missing.
source "$(dirname "$0")/lib/common.sh"

install_packages "${build_packages[@]}" "${test_packages[@]}"
preset=dev # which scripts/test.sh has built; no outcome here depends on speed
build "$preset" dex-mock-server dex-conformance dex-loadgen verdicts compare_replies stranger http2_test
bin=build/$preset/bin
peers=build/interop
mkdir -p "$peers"
make_scratch
passed=0
failed=0
skipped=0

ok() {
  passed=$((passed + 1))
  echo "ok       $*"
}
not_ok() {
  failed=$((failed + 1))
  echo "FAILED   $*"
}
skip() {
  skipped=$((skipped + 1))
  echo "skipped  $*"
}

# expect STATUS WHAT COMMAND...: the command's exit status must be STATUS; shows its output if not.
expect() {
  local wanted=$1 what=$2 status=0
  shift 2
  "$@" >"$scratch/out" 2>&1 || status=$?
  if [ "$status" -eq "$wanted" ]; then
    ok "$what: $(grep -E '^(NOT )?CONFORMANT' "$scratch/out" || grep -v '^$' "$scratch/out" | tail -1)"
  else
    not_ok "$what: exit status $status, expected $wanted"
    tail -60 "$scratch/out" | sed 's/^/         /'
  fi
}

# judge NAME URL BASELINE [ARGS...]: expects exit status 0 with the baseline, 1 without it.
judge() {
  local name=$1 url=$2 baseline=$3
  shift 3
  expect 0 "$name, with its baseline" "$bin/dex-conformance" run --url "$url" --system tus "$@" --baseline "$baseline"
  expect 1 "$name, without it" "$bin/dex-conformance" run --url "$url" --system tus "$@" --json "$scratch/report.json"
}

# on_record NAME PROFILE: compares the last run with the recorded verdicts of the profile, row by row.
on_record() {
  expect 0 "$1, as profile $2 has it on record" build/$preset/tests/verdicts check "fixtures/profiles/verdicts/$2.json" "$scratch/report.json"
}

# red_behind NAME URL BASELINE: behind a relay that damages what is sent (tests/strangers), the server has to
# be red on the row about that damage, although its baseline excuses what it does by itself.
red_behind() {
  local name=$1 upstream=${2#http://} baseline=$3 wrong row relay
  while read -r wrong row; do
    rm -f "$scratch/stranger.log" # or the ready line of the relay before would count
    build/$preset/tests/stranger --upstream "${upstream%%/*}" --wrong "$wrong" >"$scratch/stranger.log" 2>&1 &
    relay=$!
    started+=("$relay")
    wait_for 20 grep -q '^ready ' "$scratch/stranger.log" || die "the relay did not start: $(cat "$scratch/stranger.log")"
    expect 1 "$name, $wrong" "$bin/dex-conformance" run --system tus --all --baseline "$baseline" --select "$row" \
      --url "$(ready_url "$scratch/stranger.log" 'http://[^ ]+')/${upstream#*/}"
    grep -q "^fail $row " "$scratch/out" || not_ok "$name, $wrong: $row is not red"
    kill "$relay"
  done <<'END'
every-byte TUS-SIZE-001
every-byte TUS-SIZE-002
odd-last-byte TUS-SIZE-001
second-patch-hole TUS-SIZE-002
creation-body-1k TUS-SIZE-004
twentieth-chunk TUS-REP-002
END
}

# ready_url LOG PATTERN: the URL that a server printed.
ready_url() { grep -oE "$2" "$1" | head -1; }

# start_tus_node NAME [EXPIRY]: @tus/server on a folder of its own.
start_tus_node() {
  mkdir -p "$scratch/$1"
  node "$peers/tus-node-server.mjs" "$scratch/$1" ${2:+"$2"} >"$scratch/$1.log" 2>&1 &
  started+=($!)
  wait_for 20 grep -q '^ready ' "$scratch/$1.log" || die "@tus/server did not start: $(cat "$scratch/$1.log")"
}

node_peers() {
  cp scripts/interop/package.json scripts/interop/*.mjs "$peers/"
  (cd "$peers" && npm install --no-audit --no-fund --loglevel=error)
}
python_peers() {
  [ -x "$peers/venv/bin/python" ] || python3 -m venv "$peers/venv"
  "$peers/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/interop/requirements.txt
}
old_onecodex() {
  local folder=$peers/venv-onecodex-0.6 pip
  [ ! -x "$folder/bin/onecodex" ] || return 0
  "$old_python" -m venv --clear "$folder"
  pip=("$folder/bin/pip" --quiet --disable-pip-version-check)
  "${pip[@]}" install 'setuptools<66' wheel
  "${pip[@]}" install --no-build-isolation -r scripts/interop/requirements-onecodex-0.6.txt
}
go_peers() {
  (cd scripts/interop/tusd && go build -o "$repo/$peers/tusd" github.com/tus/tusd/v2/cmd/tusd)
}

# have PEERS: fetches and builds these peers in the background, all at the same time.
coming=()
have() {
  "$1" >"$scratch/$1.log" 2>&1 &
  started+=($!)
  coming+=("$! $1")
}

say "Peers"
install_packages curl jq nginx-light
clients=()
if command -v node >/dev/null && command -v npm >/dev/null; then
  have node_peers
  clients+=(tus-js-client careful deferred)
else
  skip "tus-js-client and @tus/server: need node and npm"
fi
old_python=''
if command -v python3 >/dev/null && python3 -m venv --help >/dev/null 2>&1; then
  have python_peers
  clients+=(tuspy)
  for candidate in python3.9 python3.8 "$HOME"/.pyenv/versions/3.[89].*/bin/python; do
    if "$candidate" -m venv --help >/dev/null 2>&1; then
      old_python=$candidate
      break
    fi
  done
  if [ -n "$old_python" ]; then
    have old_onecodex
  else
    skip "onecodex 0.6.5: needs Python 3.8 or 3.9"
  fi
else
  skip "tuspy, clients of Open Humans, One Codex and object storage, and the JSON Schemas: need python3 with venv"
fi
tusd=''
if command -v go >/dev/null; then
  have go_peers
  tusd=$peers/tusd
else
  skip "tusd: needs go"
fi
for peer in ${coming[@]+"${coming[@]}"}; do
  wait "${peer% *}" || die "${peer#* } cannot be had: $(tail -5 "$scratch/${peer#* }.log")"
done
[ -z "$old_python" ] || old_python=$peers/venv-onecodex-0.6/bin/python

clients_under_faults() {
  if [ ${#clients[@]} -gt 0 ]; then
    say "Clients against the mock, under faults"
    source scripts/interop/clients.sh
    cookbook_rules "$scratch/cookbook"
    for table in scripts/interop/clients.tsv scripts/interop/cookbook.tsv; do
      client_cases "$table" "${clients[@]}"
      client_table "$table" "${clients[@]}"
    done
  fi
}

uploads_under_faults() {
  if [ -x "$peers/venv/bin/python" ]; then
    say "Clients of Open Humans, One Codex and object storage, under faults"
    mkdir "$scratch/uploads"
    "$peers/venv/bin/python" scripts/interop/uploads.py "$bin/dex-mock-server" "$scratch/uploads" "$scratch/counts" \
      ${old_python:+"$repo/$old_python"}
    read -r right wrong <"$scratch/counts"
    passed=$((passed + right))
    failed=$((failed + wrong))
  fi
}

json_schemas() {
  if [ -x "$peers/venv/bin/python" ]; then
    say "The JSON Schemas, with a validator"
    "$peers/venv/bin/python" scripts/interop/schemas.py "$bin/dex-mock-server" "$repo" "$scratch/counts"
    read -r right wrong <"$scratch/counts"
    passed=$((passed + right))
    failed=$((failed + wrong))
  fi
}

tls_faults() {
  say "Clients against TLS faults"
  tls_clients=(curl curl-checking)
  [ ! -d "$peers/node_modules/tus-js-client" ] || tls_clients+=(tus-js-client)
  [ ! -x "$peers/venv/bin/python" ] || tls_clients+=(tuspy)
  if command -v chromium >/dev/null && [ -d "$peers/node_modules/playwright-core" ]; then
    tls_clients+=(chromium)
  else
    skip "a browser against TLS faults: needs chromium, and node"
  fi
  source scripts/interop/tls.sh
  tls_cases "${tls_clients[@]}"
}

# pages: opens load reports in a browser: axe finds nothing, and nothing is asked of the network.
pages() {
  say "Reports as pages, in a browser"
  if ! command -v chromium >/dev/null || [ ! -d "$peers/node_modules/axe-core" ]; then
    skip "reports as pages: need chromium, and node"
    return
  fi
  local files=()
  start_mock good_pages --profile tus --store memory
  # shellcheck disable=SC2154  # set by start_mock
  expect 0 "a load that is good" "$bin/dex-loadgen" run --url "$good_pages_url/files" --system tus \
    --uploads 40 --size 64KiB --network flaky --report "$scratch/good"
  start_mock bad_pages --profile tus --store memory --rules scripts/interop/pages-slow.json
  # shellcheck disable=SC2154  # set by start_mock
  expect 1 "a load with an outage, and a slow server" "$bin/dex-loadgen" run scripts/interop/pages.json \
    --url "$bad_pages_url/files" --system tus --report "$scratch/report"
  files+=("$scratch/good/report.html" "$scratch/report/report.html")
  expect 0 "pages, in light and in dark" env HOME="$scratch" node "$peers/pages.mjs" "${files[@]}"
}

# conformance_pages: one good server and two broken ones; scripts/nightly.sh has all of them.
conformance_pages() {
  say "Pages of dex-conformance, in a browser"
  if ! command -v chromium >/dev/null || [ ! -d "$peers/node_modules/axe-core" ]; then
    skip "pages of dex-conformance: need chromium, and node"
    return
  fi
  expect 0 "pages of a good server and of two that are broken" env preset=$preset \
    scripts/pages.sh good head-405 plain-web-server
}

kubernetes_objects() {
  say "Objects of Kubernetes, with its own types"
  if command -v go >/dev/null; then
    # Not optimised: it runs once, and these types are large.
    if (cd scripts/interop/kubernetes && go build -gcflags='all=-N -l' -o "$repo/$peers/kubernetes" .) >"$scratch/go.log" 2>&1; then
      expect 0 "deploy/kubernetes, decoded strictly" "$peers/kubernetes" deploy/kubernetes/load.yaml deploy/kubernetes/merge.yaml
      sed 's/parallelism:/paralelism:/' deploy/kubernetes/load.yaml >"$scratch/wrong.yaml"
      expect 1 "a key that there is not" "$peers/kubernetes" "$scratch/wrong.yaml"
    else
      skip "objects of Kubernetes: modules cannot be had: $(tail -1 "$scratch/go.log")"
    fi
  else
    skip "objects of Kubernetes: need go"
  fi
}

one_store_two_servers() {
  say "One store, two servers"
  if [ -n "$tusd" ] && command -v python3 >/dev/null; then
    mkdir "$scratch/stores"
    expect 0 "the mock and tusd on one folder" python3 scripts/interop/stores.py "$bin/dex-mock-server" "$tusd" "$scratch/stores"
  else
    skip "stores: needs tusd and python3"
  fi
}

# judge_draft: judges tusd in the interop versions of the IETF draft, which it speaks only when told to.
judge_draft() {
  mkdir -p "$scratch/tusd-draft"
  "$tusd" -host 127.0.0.1 -port 0 -upload-dir "$scratch/tusd-draft" -enable-experimental-protocol >"$scratch/tusd-draft.log" 2>&1 &
  started+=($!)
  wait_for 20 grep -q 'upload files to' "$scratch/tusd-draft.log" || die "tusd did not start: $(cat "$scratch/tusd-draft.log")"
  expect 0 "tusd 2.10.0, the IETF draft, with its baseline" "$bin/dex-conformance" run --system tus --select 'IETF-*' \
    --url "$(ready_url "$scratch/tusd-draft.log" 'http://[^ ]+/files/')" --baseline fixtures/baselines/tusd-2.10-draft.json
}

real_servers() {
  say "Conformance of real servers"
  if [ -d "$peers/node_modules/@tus/server" ]; then
    start_tus_node tus-node
    judge "@tus/server 2.4.5" "$(ready_url "$scratch/tus-node.log" 'http://[^ ]+')" fixtures/baselines/tus-node-2.4.json
    on_record "@tus/server 2.4.5" tus-node-2.4
    red_behind "@tus/server 2.4.5" "$(ready_url "$scratch/tus-node.log" 'http://[^ ]+')" tus-node-2.4
    start_tus_node tus-node-expiring 8000
    judge "@tus/server 2.4.5, expiring" "$(ready_url "$scratch/tus-node-expiring.log" 'http://[^ ]+')" \
      fixtures/baselines/tus-node-2.4-expiring.json --select 'TUS-EXP-*'
  fi
  if [ -n "$tusd" ]; then
    mkdir -p "$scratch/tusd"
    "$tusd" -host 127.0.0.1 -port 0 -upload-dir "$scratch/tusd" >"$scratch/tusd.log" 2>&1 &
    started+=($!)
    wait_for 20 grep -q 'upload files to' "$scratch/tusd.log" || die "tusd did not start: $(cat "$scratch/tusd.log")"
    if [ -d "$peers/node_modules/tus-js-client" ]; then
      mkdir "$scratch/deferred"
      expect 0 "a deferred length ended by the draft's signal, tusd 2.10.0" env DOWNLOAD=1 bash -c 'node "$@" | grep "^survived"' \
        client "$peers/tus-js-client.mjs" "$(ready_url "$scratch/tusd.log" 'http://[^ /]+')" "$scratch/deferred" --deferred
    fi
    judge "tusd 2.10.0" "$(ready_url "$scratch/tusd.log" 'http://[^ ]+/files/')" fixtures/baselines/tusd-2.10.json
    on_record "tusd 2.10.0" tusd-2.10
    red_behind "tusd 2.10.0" "$(ready_url "$scratch/tusd.log" 'http://[^ ]+/files/')" tusd-2.10
    judge_draft
    expect 0 "tusd 2.10.0, reply by reply as on record" build/$preset/tests/compare_replies \
      --against fixtures/requests/recorded/tusd-2.10.json --b "$(ready_url "$scratch/tusd.log" 'http://[^ /]+')" \
      --b-folder "$scratch/tusd" fixtures/requests
  fi
}

http_2() {
  say "HTTP/2"
  expect 0 "nginx before the mock, judged in HTTP/2" "build/$preset/tests/http2_test" --gtest_brief=1
}

# side_by_side SECTION...: runs these sections one after the other in the background, beside other calls, with
# a scratch folder and counts of their own. Clients wait more than they compute.
rows=()
side_by_side() {
  local row=$scratch/row-${#rows[@]}
  mkdir "$row"
  (
    trap cleanup EXIT
    trap 'exit 143' TERM
    scratch=$row started=() passed=0 failed=0 skipped=0
    for section in "$@"; do "$section"; done
    echo "$passed $failed $skipped" >"$row.counts"
  ) >"$row.log" 2>&1 &
  started+=($!)
  rows+=("$!")
}
side_by_side clients_under_faults
side_by_side uploads_under_faults json_schemas tls_faults one_store_two_servers
side_by_side kubernetes_objects http_2 pages conformance_pages

# Show one log after the other, each as it grows.
for row in "${!rows[@]}"; do
  tail -n +1 -f -s 0.2 --pid="${rows[$row]}" "$scratch/row-$row.log"
  wait "${rows[$row]}" || not_ok "ended with exit status $?, before its end"
  [ -e "$scratch/row-$row.counts" ] || continue
  read -r right wrong left_out <"$scratch/row-$row.counts"
  passed=$((passed + right))
  failed=$((failed + wrong))
  skipped=$((skipped + left_out))
done

# Not beside others: what a server keeps of a body that is cut depends on how busy it is.
real_servers

say "Interoperability"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
