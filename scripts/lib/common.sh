# Shared by the scripts: the repository's folder, and functions that install packages, build, and start
# servers. Sourced, not run.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$repo"

say() { printf '\n\033[1m== %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

build_packages=(
  g++ cmake ninja-build pkg-config
  libboost1.81-dev libboost-url1.81-dev libcurl4-openssl-dev libssl-dev zlib1g-dev libxxhash-dev
  nlohmann-json3-dev libcli11-dev libfmt-dev libspdlog-dev libexpected-dev
  libyaml-cpp-dev prometheus-cpp-dev libre2-dev libgtest-dev
)
test_packages=(libgmock-dev libbenchmark-dev librapidcheck-dev curl) # curl: for the guides' commands

# install_packages NAME...: installs those that are missing, with apt-get, as root or with sudo.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "needs apt-get (Debian 12) to install: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run as root, or install these first: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${#missing[@]} packages"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  say "Building ($preset)"
  cmake --preset "$preset" >/dev/null
  if [ $# -gt 0 ]; then set -- --target "$@"; fi
  cmake --build --preset "$preset" "$@"
}

# A folder for this run, removed at exit; before that the processes in `started` are stopped.
scratch=''
started=()
cleanup() {
  local pid
  for pid in ${started[@]+"${started[@]}"}; do
    kill "$pid" 2>/dev/null || continue
    wait "$pid" 2>/dev/null || :
  done
  [ -z "$scratch" ] || rm -rf "$scratch"
}
trap cleanup EXIT
make_scratch() { scratch=$(mktemp -d "${TMPDIR:-/tmp}/dex-XXXXXX"); }

# temporary_files_in_memory: puts temporary files into memory from now on, if there is room and TMPDIR is not
# set. The tests make and remove hundreds of thousands of files. For each new file, ext4 searches what was
# freed in the last five seconds, which takes an eighth of the CPU time of all tests.
temporary_files_in_memory() {
  local room=2097152 free # KiB; the tests take 360,000
  [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] || return 0
  free=$(df --output=avail -t tmpfs /dev/shm 2>/dev/null | tail -1) || return 0
  [ "${free:-0}" -ge $room ] || return 0
  [ "$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)" -ge $((2 * room)) ] || return 0
  scratch=$(mktemp -d /dev/shm/dex-XXXXXX)
  chmod 711 "$scratch" # some tests run as the user nobody for a while
  export TMPDIR=$scratch
}

# wait_for SECONDS COMMAND...: repeats COMMAND until it succeeds; fails when SECONDS are over.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

# start_mock NAME ARGS...: starts the mock on a free port and sets NAME_url and NAME_pid.
start_mock() {
  local name=$1
  shift
  "$repo/build/${preset:-release}/bin/dex-mock-server" --listen 127.0.0.1:0 \
    --ready-file "$scratch/$name.ready" "$@" >"$scratch/$name.log" 2>&1 &
  local pid=$!
  started+=("$pid")
  wait_for 20 test -s "$scratch/$name.ready" || {
    cat "$scratch/$name.log" >&2
    die "the mock server did not become ready"
  }
  printf -v "${name}_url" '%s' "$(cat "$scratch/$name.ready")"
  printf -v "${name}_pid" '%s' "$pid"
}
