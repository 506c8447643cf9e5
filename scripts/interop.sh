#!/usr/bin/env bash
# Runs real peers against our programs: tus-js-client and tuspy upload to the mock, plain and over TLS,
# under the faults of interop/clients.tsv; dex-conformance judges @tus/server and tusd against the
# baselines in fixtures/baselines. A peer whose toolchain (node, python3, go) is missing is named as
# skipped.
source "$(dirname "$0")/lib/common.sh"

install_packages "${build_packages[@]}"
build release dex-mock-server dex-conformance
bin=build/release/bin
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
    ok "$what: $(grep -v '^$' "$scratch/out" | tail -1)"
  else
    not_ok "$what: exit status $status, expected $wanted"
    tail -60 "$scratch/out" | sed 's/^/         /'
  fi
}

# judge NAME URL BASELINE: 0 with the baseline, 1 without it.
judge() {
  expect 0 "$1, with its baseline" "$bin/dex-conformance" run --url "$2" --system tus --baseline "$3"
  expect 1 "$1, without it" "$bin/dex-conformance" run --url "$2" --system tus
}

# ready_url LOG PATTERN: the URL a server printed.
ready_url() { grep -oE "$2" "$1" | head -1; }

say "Clients against the mock, under faults"
source scripts/interop/clients.sh
clients=()
install_packages curl
if command -v node >/dev/null && command -v npm >/dev/null; then
  cp scripts/interop/package.json scripts/interop/*.mjs "$peers/"
  (cd "$peers" && npm install --no-audit --no-fund --loglevel=error)
  clients+=(tus-js-client)
else
  skip "tus-js-client: needs node and npm"
fi
if command -v python3 >/dev/null && python3 -m venv --help >/dev/null 2>&1; then
  [ -x "$peers/venv/bin/python" ] || python3 -m venv "$peers/venv"
  "$peers/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/interop/requirements.txt
  clients+=(tuspy)
else
  skip "tuspy: needs python3 with venv"
fi
if [ ${#clients[@]} -gt 0 ]; then
  client_cases "${clients[@]}"
  client_table "${clients[@]}"
fi

say "Conformance of real servers"
if command -v node >/dev/null && command -v npm >/dev/null; then
  mkdir -p "$scratch/tus-node"
  node "$peers/tus-node-server.mjs" "$scratch/tus-node" >"$scratch/tus-node.log" 2>&1 &
  started+=($!)
  wait_for 20 grep -q '^ready ' "$scratch/tus-node.log" || die "@tus/server did not start: $(cat "$scratch/tus-node.log")"
  judge "@tus/server 2.4.5" "$(ready_url "$scratch/tus-node.log" 'http://[^ ]+')" fixtures/baselines/tus-node-2.4.json
else
  skip "@tus/server: needs node and npm"
fi
if command -v go >/dev/null; then
  (cd scripts/interop/tusd && go build -o "$repo/$peers/tusd" github.com/tus/tusd/v2/cmd/tusd)
  mkdir -p "$scratch/tusd"
  "$peers/tusd" -host 127.0.0.1 -port 0 -upload-dir "$scratch/tusd" >"$scratch/tusd.log" 2>&1 &
  started+=($!)
  wait_for 20 grep -q 'upload files to' "$scratch/tusd.log" || die "tusd did not start: $(cat "$scratch/tusd.log")"
  judge "tusd 2.10.0" "$(ready_url "$scratch/tusd.log" 'http://[^ ]+/files/')" fixtures/baselines/tusd-2.10.json
else
  skip "tusd: needs go"
fi

say "Interoperability"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
