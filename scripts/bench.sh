#!/usr/bin/env bash
# What an upload costs, as ratios measured in one run on this machine, stores in memory (tmpfs):
#   server: CPU-seconds per GB taken, against a plain recv + pwrite loop; tusd and @tus/server beside
#   client: CPU-seconds per GB sent, against a bare libcurl multi loop
# Medians of ROUNDS rounds; in each round every contender runs once, in turn.
#   ROUNDS=5 UPLOADS=8 MIB=256 scripts/bench.sh
source "$(dirname "$0")/lib/common.sh"

rounds=${ROUNDS:-5}
uploads=${UPLOADS:-8}
mib=${MIB:-256}
for value in "$rounds" "$uploads" "$mib"; do
  [[ $value =~ ^[1-9][0-9]*$ ]] || die "ROUNDS, UPLOADS and MIB are whole numbers above 0, not '$value'"
done
bytes=$((mib * 1024 * 1024))

install_packages "${build_packages[@]}" curl
build release dex-mock-server dex-loadgen floor_server floor_client
bin=build/release/bin
floors=build/release/bench
peers=build/interop
scratch=$(mktemp -d /dev/shm/dex-bench-XXXXXX)

need=$((uploads * mib * 2))
free=$(df -m --output=avail /dev/shm | tail -1)
[ "$free" -gt "$need" ] || die "needs $need MiB free in /dev/shm, there are $free; lower UPLOADS or MIB"

if command -v go >/dev/null && [ ! -x "$peers/tusd" ]; then
  mkdir -p "$peers"
  (cd scripts/interop/tusd && go build -o "$repo/$peers/tusd" github.com/tus/tusd/v2/cmd/tusd)
fi
if command -v npm >/dev/null && [ ! -d "$peers/node_modules" ]; then
  mkdir -p "$peers"
  cp scripts/interop/package.json scripts/interop/*.mjs "$peers/"
  (cd "$peers" && npm install --no-audit --no-fund --loglevel=error)
fi

# CPU-seconds of a running process, user and system, its dead children left aside.
cpu_of() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print ($12 + $13) / hz }' "/proc/$1/stat"; }
per_gb() { awk -v s="$1" -v b=$((bytes * uploads)) 'BEGIN { printf "%.4f", s / (b / 1e9) }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# begin NAME FOLDER: starts a contender; sets `pid` and `url`.
begin() {
  local log=$scratch/$1.log
  mkdir -p "$2"
  case $1 in
    floor) "$floors/floor_server" "$2" >"$log" 2>&1 & ;;
    mock-disk) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile tus --store "$2" >"$log" 2>&1 & ;;
    mock-discard) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile tus --store discard >"$log" 2>&1 & ;;
    tusd) "$peers/tusd" -host 127.0.0.1 -port 0 -upload-dir "$2" >"$log" 2>&1 & ;;
    tus-node) node "$peers/tus-node-server.mjs" "$2" >"$log" 2>&1 & ;;
  esac
  pid=$!
  started+=("$pid")
  wait_for 20 grep -qE '^ready |upload files to' "$log" || die "$1 did not start: $(cat "$log")"
  url=$(grep -oE 'http://[^ ]+' "$log" | tail -1)
  case $1 in mock-*) url=$url/files ;; esac
}
end() {
  kill "$pid"
  wait "$pid" 2>/dev/null || :
}

servers=(floor mock-disk mock-discard)
if [ -x "$peers/tusd" ]; then servers+=(tusd); else echo "skipped: tusd (needs go)"; fi
if [ -d "$peers/node_modules" ]; then servers+=(tus-node); else echo "skipped: @tus/server (needs node and npm)"; fi

say "Servers: $uploads uploads of $mib MiB, one PATCH each, $rounds rounds"
for ((round = 1; round <= rounds; round++)); do
  for server in "${servers[@]}"; do
    begin "$server" "$scratch/store"
    before=$(cpu_of "$pid")
    "$floors/floor_client" "$url" "$uploads" "$uploads" "$bytes" >/dev/null || die "$server did not take the uploads"
    after=$(cpu_of "$pid")
    end
    rm -rf "$scratch/store"
    per_gb "$(awk -v a="$after" -v b="$before" 'BEGIN { print a - b }')" >>"$scratch/$server.figures"
    echo >>"$scratch/$server.figures"
  done
done
report() { # TITLE FLOOR NAME...
  local floor name value
  floor=$(median <"$scratch/$2.figures")
  printf '%-16s %14s %10s\n' "$1" "CPU-s per GB" "x floor"
  shift
  for name in "$@"; do
    value=$(median <"$scratch/$name.figures")
    printf '%-16s %14.3f %10.2f\n' "$name" "$value" "$(awk -v v="$value" -v f="$floor" 'BEGIN { print v / f }')"
  done
}
report server "${servers[@]}"

say "Clients: the same uploads into the floor server"
for ((round = 1; round <= rounds; round++)); do
  for client in bare-libcurl dex-loadgen; do
    begin floor "$scratch/store"
    TIMEFORMAT='%U %S'
    case $client in
      bare-libcurl)
        { time "$floors/floor_client" "$url" "$uploads" "$uploads" "$bytes" >/dev/null; } 2>"$scratch/time" ;;
      dex-loadgen)
        { time "$bin/dex-loadgen" run --url "$url" --system tus --uploads "$uploads" --concurrency "$uploads" \
          --size "${mib}MiB" --payload random --verify none >"$scratch/client.log" 2>&1; } 2>"$scratch/time" ||
          die "dex-loadgen failed: $(cat "$scratch/client.log")" ;;
    esac
    end
    rm -rf "$scratch/store"
    per_gb "$(awk '{ print $1 + $2 }' "$scratch/time" | tail -1)" >>"$scratch/$client.figures"
    echo >>"$scratch/$client.figures"
  done
done
report client bare-libcurl dex-loadgen
