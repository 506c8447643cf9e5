#!/usr/bin/env bash
# Judges tus servers that others wrote and published in package registries, against what is on record of them
# in fixtures/peers. scripts/interop.sh judges tusd and @tus/server.
#   scripts/peers.sh [NAME...]       all servers of peers/peers.tsv when none is named; about half an hour
#   scripts/peers.sh --serve NAME    starts one server, prints 'ready URL', and waits: to reproduce what
#                                    docs/findings.md says of it
# Installs what a server needs into build/peers. Names a server as skipped when its toolchain is missing.
# The variable `conformance` may name another dex-conformance than that of the dev build.
source "$(dirname "$0")/lib/common.sh"

serve=''
if [ "${1-}" = --serve ]; then
  serve=yes
  shift
  [ $# -eq 1 ] || die "--serve takes one name"
fi
if [ -z "${conformance-}" ]; then
  install_packages "${build_packages[@]}"
  build dev dex-conformance
fi
peers=build/peers
mkdir -p "$peers"
make_scratch
table=$repo/scripts/peers/peers.tsv
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(cut -f1 "$table" | grep -v '^#')

# install NAME TOOLCHAIN PACKAGES: installs into build/peers/NAME, once; fails when the toolchain is missing.
install() {
  local name=$1 toolchain=$2 folder=$peers/$1
  [ ! -e "$folder/installed" ] || return 0
  mkdir -p "$folder"
  # shellcheck disable=SC2086  # several packages
  case $toolchain in
    python)
      command -v python3 >/dev/null && python3 -m venv "$folder/venv" >/dev/null || return 1
      "$folder/venv/bin/pip" install --quiet --disable-pip-version-check $3 || die "$name cannot be installed"
      ;;
    node)
      command -v npm >/dev/null || return 1
      (cd "$folder" && echo '{"private": true}' >package.json && npm install --no-audit --no-fund --loglevel=error $3) ||
        die "$name cannot be installed"
      ;;
    java)
      command -v mvn >/dev/null || return 1
      cp -r scripts/peers/tus-java/. "$folder"
      (cd "$folder" && mvn -q -B dependency:copy-dependencies compile) || die "$name cannot be installed"
      ;;
  esac
  touch "$folder/installed"
}

# command_of NAME TOOLCHAIN PACKAGES: sets `command` to what starts the server on a free port and prints
# 'ready URL'.
command_of() {
  local name=$1 folder=$peers/$1 data=$scratch/$1
  case $2 in
    python) command=("$folder/venv/bin/python" scripts/peers/python_servers.py "${name%-[0-9]*}" "$data") ;;
    node) command=(env -C "$folder" node "$repo/scripts/peers/node-servers.cjs" "${3%%@[0-9]*}" "$data") ;;
    java) command=(java -cp "$folder/target/classes:$folder/target/dependency/*" TusJava "$data") ;;
  esac
}

# started_url LOG: the URL that a server has printed.
started_url() { sed -n 's/^ready //p' "$1" | grep . ; }

failed=()
skipped=()
for name in "${names[@]}"; do
  IFS=$'\t' read -r _ toolchain packages arguments < <(grep -P "^$name\t" "$table") || die "no such peer: $name; there are: $(cut -f1 "$table" | grep -v '^#' | paste -sd' ')"
  say "$name"
  if ! install "$name" "$toolchain" "$packages"; then
    skipped+=("$name")
    continue
  fi
  mkdir -p "$scratch/$name"
  command_of "$name" "$toolchain" "$packages"
  "${command[@]}" >"$scratch/$name.log" 2>&1 &
  pid=$!
  started+=("$pid")
  wait_for 60 started_url "$scratch/$name.log" >/dev/null || die "$name did not start: $(tail -5 "$scratch/$name.log")"
  url=$(started_url "$scratch/$name.log")
  if [ -n "$serve" ]; then
    echo "ready $url"
    wait "$pid"
    exit
  fi
  # shellcheck disable=SC2086  # several arguments
  if ! "${conformance:-build/dev/bin/dex-conformance}" run --url "$url" --system tus $arguments --all --baseline "fixtures/peers/$name.json" \
    >"$scratch/report" 2>&1; then
    failed+=("$name")
    cp "$scratch/report" "$peers/$name.txt"
    grep -E '^(pass|fail|warn|skip|blocked|error) |^  red because' "$scratch/report" | grep -B1 '^  red because' | head -40 || :
  fi
  grep -B1 -E '^(NOT )?CONFORMANT' "$scratch/report" || tail -2 "$scratch/report"
  kill "$pid"
done
[ ${#skipped[@]} -eq 0 ] || echo "skipped, their toolchain is missing: ${skipped[*]}"
[ ${#failed[@]} -eq 0 ] || die "not as on record: ${failed[*]}; the reports are in $peers"
