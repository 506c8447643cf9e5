#!/usr/bin/env bash
# What the programs cost, as ratios measured in one run on this machine, stores in memory (tmpfs):
#   large     CPU-seconds per GB received, against a plain recv + pwrite loop; the store that keeps nothing
#             against a loop of recv with MSG_TRUNC, TLS against a loop over TLS; for comparison tusd,
#             @tus/server and nginx (WebDAV PUT)
#   objects   the same for objects of a store like S3, against recv + MD5 + pwrite: pre-signed PUT,
#             form; without the MD5 (--etag opaque) against plain recv + pwrite; PUT signed in the
#             header with the SHA-256 or CRC-32 of its body; a sample of One Codex (asked for, form,
#             confirmed); for comparison moto, with 64 MiB
#   small     requests per CPU-second (POST, PATCH of 1 KiB, HEAD), against a plain epoll loop that
#             answers with fixed bytes; the same with 1,000 rules that match no request, and with DEX,
#             a manifest and a JSON Web Token in each request
#   direct    the same for Open Humans' direct uploads (POST, PUT of 1 KiB, POST), and the share of
#             the time that signatures take
#   sample    the same for One Codex' (POST, form with 1 KiB, POST)
#   stalled   resident memory of uploads that stall in the middle of a body, and how long
#             /_mock/health takes beside them
#   huge      resident memory while one very large upload passes through the discard store, and one
#             very large object in parts
#   client    CPU-seconds per GB that dex-loadgen sends, of every payload, plain and over TLS, against
#             a bare libcurl loop (plain send below it); uploads of 1 KiB per CPU-second; what
#             verification adds; memory; how late an open loop starts. Beside: tus-js-client and
#             vegeta; and Open Humans' direct uploads and One Codex' in both flows against tus, all to
#             the mock that keeps nothing
# Medians of ROUNDS rounds; in each round every contender runs once, in turn. A figure that misses
# its target says MISSED, and the exit code is then 1.
#
#   scripts/bench.sh [large|objects|small|direct|sample|stalled|huge|client]...     default: all
#   ROUNDS=5 UPLOADS=8 MIB=256 SMALL=40000 STALLED=10000 HUGE_GIB=64 OBJECT_GIB=20 FLAT=1000000 scripts/bench.sh
source "$(dirname "$0")/lib/common.sh"

rounds=${ROUNDS:-5}
uploads=${UPLOADS:-8}
mib=${MIB:-256}
small=${SMALL:-40000}
stalled=${STALLED:-10000}
huge_gib=${HUGE_GIB:-64}
object_gib=${OBJECT_GIB:-20}
flat=${FLAT:-1000000}
for value in "$rounds" "$uploads" "$mib" "$small" "$stalled" "$huge_gib" "$object_gib" "$flat"; do
  [[ $value =~ ^[1-9][0-9]*$ ]] ||
    die "ROUNDS, UPLOADS, MIB, SMALL, STALLED, HUGE_GIB, OBJECT_GIB and FLAT are whole numbers above 0, not '$value'"
done
sections=("$@")
[ ${#sections[@]} -gt 0 ] || sections=(large objects small direct sample stalled huge client)
for section in "${sections[@]}"; do
  case $section in large | objects | small | direct | sample | stalled | huge | client) ;; *)
    die "there is no section '$section'; there are large, objects, small, direct, sample, stalled, huge and client" ;;
  esac
done
bytes=$((mib * 1024 * 1024))
connections=8

install_packages "${build_packages[@]}" curl
build release dex-mock-server dex-loadgen cost_of cpu_time floor_server floor_client object_client reply_floor \
  send_floor signing_cost small_client stall_client
bin=build/release/bin
tools=build/release/bench
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
peer_servers=()
if [ -x "$peers/tusd" ]; then peer_servers+=(tusd); else echo "skipped: tusd (needs go)"; fi
if [ -d "$peers/node_modules" ]; then peer_servers+=(tus-node); else echo "skipped: @tus/server (needs node and npm)"; fi
# moto: installs moto, for the section about objects.
moto() {
  [ -x "$peers/moto/bin/moto_server" ] && return
  command -v python3 >/dev/null && python3 -m venv "$peers/moto" &&
    "$peers/moto/bin/pip" install --quiet --disable-pip-version-check 'moto[s3,server]==5.2.5'
}

median() { sort -n | awk 'NF { v[++n] = $1 } END { print (n % 2) ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }'; }
calc() { awk "BEGIN { printf \"%.4f\", $1 }"; }
note() { echo "$2" >>"$scratch/$1.figures"; }
figure() { median <"$scratch/$1.figures"; }

# begin NAME [ARGUMENTS...]: starts a contender; sets `pid` and `url`.
begin() {
  local name=$1 log=$scratch/$1.log store=$scratch/store
  shift
  mkdir -p "$store"
  : >"$log" # otherwise the line of the last round would be taken for this one's
  case $name in
    floor) "$tools/floor_server" "$store" >"$log" 2>&1 & ;;
    recv-floor) "$tools/floor_server" discard >"$log" 2>&1 & ;;
    skip-floor) "$tools/floor_server" skip >"$log" 2>&1 & ;;
    md5-floor) "$tools/floor_server" "$store" md5 >"$log" 2>&1 & ;;
    tls-floor) "$tools/floor_server" "$store" tls "$scratch/tls/server.pem" "$scratch/tls/server-key.pem" >"$log" 2>&1 & ;;
    reply-floor) "$tools/reply_floor" >"$log" 2>&1 & ;;
    mock-disk) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile tus --store "$store" "$@" >"$log" 2>&1 & ;;
    objects-*) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile objects "$@" >"$log" 2>&1 & ;;
    onecodex-*) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile onecodex "$@" >"$log" 2>&1 & ;;
    openhumans-*) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile openhumans "$@" >"$log" 2>&1 & ;;
    mock-*) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile tus "$@" >"$log" 2>&1 & ;;
    dex-*) "$bin/dex-mock-server" --listen 127.0.0.1:0 --profile dex "$@" >"$log" 2>&1 & ;;
    tusd) "$peers/tusd" -host 127.0.0.1 -port 0 -upload-dir "$store" >"$log" 2>&1 & ;;
    tus-node) node "$peers/tus-node-server.mjs" "$store" >"$log" 2>&1 & ;;
    moto) "$peers/moto/bin/moto_server" -H 127.0.0.1 -p "$port" >"$log" 2>&1 & ;;
    nginx) nginx -c "$scratch/nginx.conf" -p "$scratch" >"$log" 2>&1 & ;;
  esac
  pid=$!
  started+=("$pid")
  if [ "$name" = nginx ] || [ "$name" = moto ]; then
    url=http://127.0.0.1:$port
    wait_for 20 curl -sS --noproxy '*' -o /dev/null "$url/" 2>/dev/null || die "$name did not start: $(cat "$log")"
    return
  fi
  wait_for 20 grep -qE '^ready |upload files to' "$log" || die "$name did not start: $(cat "$log")"
  url=$(grep -oE 'https?://[^ ]+' "$log" | tail -1)
  case $name in mock-* | dex-*) url=$url/files ;; esac
}
end() {
  kill "$pid"
  wait "$pid" 2>/dev/null || :
  rm -rf "$scratch/store"
}
# A peer that cannot choose a port gets one that was free a moment ago, in `port`.
find_port() {
  begin floor
  end
  port=${url##*:}
  port=${port%%/*}
}
# cpu NAME COMMAND...: the CPU-seconds that contender `pid` spends while the load runs.
cpu() {
  local name=$1 before after
  shift
  before=$("$tools/cpu_time" "$pid")
  "$@" >"$scratch/load.log" 2>&1 || die "$name did not take the load: $(tail -3 "$scratch/load.log")"
  after=$("$tools/cpu_time" "$pid")
  spent=$(calc "$after - $before")
}

missed=0
# row NAME UNIT-FORMAT FIGURE RATIO [OPERATOR TARGET]
row() {
  local verdict=''
  if [ $# -gt 4 ]; then
    if awk "BEGIN { exit !($4 $5 $6) }"; then verdict="target $5 $6, met"; else
      verdict="target $5 $6, MISSED"
      missed=1
    fi
  fi
  printf "%-16s $2 %10.2f   %s\n" "$1" "$3" "$4" "$verdict"
}

large() {
  say "Large uploads: $uploads x $mib MiB, one PATCH each, $rounds rounds"
  local servers=(floor recv-floor skip-floor tls-floor mock-disk mock-discard mock-tls "${peer_servers[@]}") server ca=()
  # The first start makes the certificate that the others use.
  mkdir -p "$scratch/tls"
  begin mock-tls --store discard --tls-self-signed "$scratch/tls"
  end
  if command -v nginx >/dev/null && nginx -V 2>&1 | grep -q http_dav_module; then
    servers+=(nginx)
    find_port
    # One process, so that cpu() sees all of its CPU time; bodies are written where the files end up.
    cat >"$scratch/nginx.conf" <<CONF
daemon off;
master_process off;
pid $scratch/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_max_body_size 0;
  client_body_buffer_size 256k;
  client_body_temp_path $scratch/store/body;
  proxy_temp_path $scratch/p; fastcgi_temp_path $scratch/f; uwsgi_temp_path $scratch/u; scgi_temp_path $scratch/s;
  server {
    listen 127.0.0.1:$port;
    root $scratch/store;
    dav_methods PUT;
  }
}
CONF
  else
    echo "skipped: nginx (not installed, or without WebDAV)"
  fi
  for ((round = 1; round <= rounds; round++)); do
    for server in "${servers[@]}"; do
      ca=()
      case $server in
        mock-discard) begin "$server" --store discard ;;
        mock-tls) begin "$server" --store "$scratch/store" --tls-self-signed "$scratch/tls" ;;
        *) begin "$server" ;;
      esac
      [[ $server != *tls* ]] || ca=("ca=$scratch/tls/ca.pem")
      if [ "$server" = nginx ]; then
        cpu nginx put_all "$port"
      else
        cpu "$server" "$tools/floor_client" "$url" "$uploads" "$uploads" "$bytes" "${ca[@]}"
      fi
      end
      note "large-$server" "$(calc "$spent / ($bytes * $uploads / 1e9)")"
    done
  done
  local floor skip tls
  floor=$(figure large-floor)
  skip=$(figure large-skip-floor)
  tls=$(figure large-tls-floor)
  printf '%-16s %14s %10s\n' server "CPU-s per GB" "x floor"
  for server in "${servers[@]}"; do
    local value against=$floor target=()
    value=$(figure "large-$server")
    case $server in
      mock-disk) target=('<=' 1.3) ;;
      mock-discard | skip-floor) against=$skip ;;
      mock-tls) against=$tls target=('<=' 1.3) ;;
      tls-floor) against=$tls ;;
    esac
    [ "$server" != mock-discard ] || target=('<=' 1.15)
    row "$server" '%14.3f' "$value" "$(calc "$value / $against")" "${target[@]}"
  done
  echo "floor: recv + pwrite; mock-discard is compared with skip-floor, which receives with MSG_TRUNC, mock-tls with tls-floor"
}
put_all() {
  local file=$scratch/body.bin i arguments=()
  [ -s "$file" ] || head -c "$bytes" /dev/zero >"$file"
  for ((i = 1; i <= uploads; i++)); do
    arguments+=(-T "$file" -o /dev/null "http://127.0.0.1:$1/upload-$round-$i")
  done
  curl -sS --fail --noproxy '*' --parallel --parallel-immediate --parallel-max "$uploads" -H 'Expect:' "${arguments[@]}"
}

objects() {
  say "Objects: $uploads x $mib MiB, $rounds rounds"
  local contender how server size
  local contenders=(floor md5-floor put form sample opaque-put opaque-form sha256 crc32)
  if moto; then
    contenders+=(moto)
    find_port
  else
    echo "skipped: moto (needs python3 with venv, and a package index)"
  fi
  for ((round = 1; round <= rounds; round++)); do
    for contender in "${contenders[@]}"; do
      how=${contender#opaque-}
      size=$bytes
      case $contender in
        floor | md5-floor)
          begin "$contender"
          how=put
          ;;
        sample) begin onecodex-md5 --store "$scratch/store" ;;
        opaque-*) begin objects-opaque --store "$scratch/store" --etag opaque ;;
        moto)
          begin moto
          how=put
          size=$((64 << 20))
          curl -sS --fail --noproxy '*' -o /dev/null -X PUT "$url/examplebucket"
          ;;
        *) begin objects-md5 --store "$scratch/store" ;;
      esac
      cpu "$contender" "$tools/object_client" "$url" "$how" "$uploads" "$uploads" "$size"
      end
      note "objects-$contender" "$(calc "$spent / ($size * $uploads / 1e9)")"
    done
  done
  local floor md5
  floor=$(figure objects-floor)
  md5=$(figure objects-md5-floor)
  printf '%-16s %14s %10s\n' object "CPU-s per GB" "x floor"
  for contender in "${contenders[@]}"; do
    local value against=$md5 target=()
    value=$(figure "objects-$contender")
    case $contender in
      put) target=('<=' 1.15) ;;
      form | sample) target=('<=' 1.25) ;;
      opaque-put) against=$floor target=('<=' 1.3) ;;
      opaque-form) against=$floor target=('<=' 1.5) ;;
      floor) against=$floor ;;
    esac
    row "$contender" '%14.3f' "$value" "$(calc "$value / $against")" "${target[@]}"
  done
  echo "floor: recv + pwrite, for itself and opaque-*; md5-floor: recv + MD5 + pwrite, for the others"
}

small() {
  say "Small uploads: $small x (POST, PATCH of 1 KiB, HEAD) over $connections connections, memory store, $rounds rounds"
  local i server
  # Every kind of condition that a rule can have, and none that is met: header, id, route, path, time, age.
  {
    printf '{"name": "no-match", "rules": ['
    for ((i = 1; i <= 1000; i++)); do
      [ "$i" -eq 1 ] || printf ','
      case $((i % 8)) in
        0) printf '{"name": "r%d", "when": {"method": "PATCH", "headers": {"X-Never": "v%d"}}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        1) printf '{"name": "r%d", "when": {"method": "POST", "metadata": {"never": "v%d"}}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        2) printf '{"name": "r%d", "when": {"route": "upload", "upload": {"id": "never-%d"}}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        3) printf '{"name": "r%d", "when": {"route": "info", "reply": {"status": 404, "headers": {"X-Never": "v%d"}}}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        4) printf '{"name": "r%d", "when": {"path": "^/never/%d$"}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        5) printf '{"name": "r%d", "when": {"after": "%dh"}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        6) printf '{"name": "r%d", "when": {"method": "HEAD", "upload": {"older_than": "%dh"}}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
        7) printf '{"name": "r%d", "when": {"metadata": {"received_filename": "never-%d"}}, "then": {"reply": {"status": 500}}}' "$i" "$i" ;;
      esac
    done
    printf ']}\n'
  } >"$scratch/rules.json"
  local servers=(reply-floor mock-memory mock-1000-rules dex-jwt "${peer_servers[@]}")
  for ((round = 1; round <= rounds; round++)); do
    for server in "${servers[@]}"; do
      local count=$small token=()
      case $server in
        mock-memory) begin "$server" --store memory ;;
        mock-1000-rules) begin "$server" --store memory --rules "$scratch/rules.json" ;;
        dex-jwt)
          begin "$server" --store memory --auth jwt
          token=("$(curl -sS --fail --noproxy '*' "${url%/files}/oauth" -d username=demo -d password=demo |
            grep -oE '"access_token": *"[^"]+"' | cut -d '"' -f 4)")
          ;;
        reply-floor) begin "$server" ;;
        *)
          begin "$server"
          count=$((small / 10 + 1))
          ;;
      esac
      cpu "$server" "$tools/small_client" "$url" "$count" "$connections" "${token[@]}"
      end
      note "small-$server" "$(calc "3 * $count / $spent")"
      case $server in mock-memory) bare=$spent ;; mock-1000-rules) note small-rules-cost "$(calc "100 * ($spent / $bare - 1)")" ;; esac
    done
  done
  local floor
  floor=$(figure small-reply-floor)
  printf '%-16s %14s %10s\n' server "req per CPU-s" "x floor"
  for server in "${servers[@]}"; do
    local value target=()
    value=$(figure "small-$server")
    [ "$server" != mock-memory ] || target=('>=' 0.45)
    row "$server" '%14.0f' "$value" "$(calc "$value / $floor")" "${target[@]}"
  done
  row "1000 rules cost" '%14s' '' "$(figure small-rules-cost)" '<=' 5
  row "dex, x tus" '%14s' '' "$(calc "$(figure small-dex-jwt) / $(figure small-mock-memory)")" '>=' 0.6
}

direct() {
  say "Direct uploads of Open Humans: $small x (POST, PUT of 1 KiB, POST) over $connections connections, memory store, $rounds rounds"
  small_objects direct openhumans 0.25 signatures
  row "signatures, %" '%14s' '' "$(figure direct-signatures)"
}
sample() {
  say "Samples of One Codex: $small x (POST, form with 1 KiB, POST) over $connections connections, memory store, $rounds rounds"
  small_objects sample onecodex 0.2
}
# small_objects HOW SYSTEM TARGET [signatures]: uploads of three requests, against the floor that answers three.
small_objects() {
  local how=$1 system=$2 target=$3 with=${4:-} server floor value
  for ((round = 1; round <= rounds; round++)); do
    for server in reply-floor "$system-memory"; do
      case $server in
        reply-floor) begin "$server" ;;
        *) begin "$server" --store memory ;;
      esac
      url=${url%/files}
      cpu "$server" "$tools/object_client" "$url" "$how" "$small" "$connections" 1024
      end
      note "$how-$server" "$(calc "3 * $small / $spent")"
    done
    [ -z "$with" ] || note "$how-signatures" "$(calc "100 * $("$tools/signing_cost" "$small") / $spent")"
  done
  floor=$(figure "$how-reply-floor")
  printf '%-16s %14s %10s\n' server "req per CPU-s" "x floor"
  row reply-floor '%14.0f' "$floor" 1
  value=$(figure "$how-$system-memory")
  row "$system" '%14.0f' "$value" "$(calc "$value / $floor")" '>=' "$target"
}

resident() { awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status"; }

stalled() {
  say "$stalled uploads stalled in the middle of a body, memory store"
  local before after slowest
  begin mock-stalled --store memory --read-timeout 10m
  curl -sS --noproxy '*' -o /dev/null "${url%/files}/_mock/health"
  before=$(resident)
  mkfifo "$scratch/hold"
  "$tools/stall_client" "$url" "$stalled" <"$scratch/hold" >"$scratch/stall.log" 2>&1 &
  started+=($!)
  exec 9>"$scratch/hold"
  wait_for 300 grep -q . "$scratch/stall.log"
  grep -q "^stalled $stalled" "$scratch/stall.log" || die "$(cat "$scratch/stall.log")"
  after=$(resident)
  for _ in 1 2 3 4 5; do
    curl -sS --noproxy '*' -o /dev/null -w '%{time_total}\n' "${url%/files}/_mock/health"
  done >"$scratch/health"
  slowest=$(sort -n "$scratch/health" | tail -1)
  exec 9>&-
  end
  printf '%-16s %14s %10s\n' '' '' figure
  row "KB per upload" '%14s' '' "$(calc "($after - $before) / $stalled")" '<=' 12
  row "health, ms" '%14s' '' "$(calc "$slowest * 1000")" '<=' 50
}

# grows NAME COMMAND...: by how much the memory of contender `pid` grows at most while it takes the load.
grows() {
  local name=$1 before most now load
  shift
  before=$(resident)
  most=$before
  "$@" >"$scratch/load.log" 2>&1 &
  load=$!
  started+=("$load")
  while kill -0 "$load" 2>/dev/null; do
    now=$(resident)
    [ "$now" -le "$most" ] || most=$now
    sleep 0.2
  done
  wait "$load" || die "$name: the upload failed: $(cat "$scratch/load.log")"
  row "$name" '%14s' '' "$(calc "($most - $before) / 1024")" '<=' 1
}
huge() {
  say "One upload of $huge_gib GiB, and one object of $object_gib GiB in parts, into the discard store"
  printf '%-16s %14s %10s\n' 'grew by, MiB' '' figure
  begin mock-huge --store discard
  "$tools/floor_client" "$url" 1 1 $((64 << 20)) >/dev/null
  grows upload "$tools/floor_client" "$url" 1 1 $((huge_gib << 30))
  end
  begin objects-huge --store discard
  "$tools/object_client" "$url" parts 1 1 $((64 << 20))
  grows object "$tools/object_client" "$url" parts 1 1 $((object_gib << 30))
  end
}

# costs COMMAND...: runs it, and sets `spent` (CPU-seconds) and `peak` (KiB).
costs() {
  "$tools/cost_of" "$scratch/cost" "$@" >"$scratch/client.log" 2>&1 ||
    die "$(basename "$1") failed: $(tail -3 "$scratch/client.log")"
  read -r spent peak _ <"$scratch/cost"
}
# loadgen ARGUMENTS...: the costs of a run of tus against `url`.
loadgen() { costs "$bin/dex-loadgen" run --url "$url" --system tus --verify none "$@"; }

# shape NAME UPLOADS BYTES CHUNK CONTENDER...: notes s/GB of each contender.
shape() {
  local name=$1 count=$2 size=$3 chunk=$4 contender
  shift 4
  for contender in "$@"; do
    case $contender in
      *-to-mock | tls-* | onecodex*) ;;
      *) begin recv-floor ;;
    esac
    local flags=(--uploads "$count" --concurrency "$count" --size "$size" --chunk "$chunk")
    case $contender in
      plain-send)
        local port=${url##*:}
        costs "$tools/send_floor" "${port%%/*}" "$count" "$count" "$size" "chunk=$chunk"
        ;;
      libcurl) costs "$tools/floor_client" "$url" "$count" "$count" "$size" "chunk=$chunk" ;;
      tls-libcurl | tls-constant)
        begin_tls
        case $contender in
          tls-libcurl) costs "$tools/floor_client" "$url" "$count" "$count" "$size" "chunk=$chunk" "ca=$scratch/tls/ca.pem" ;;
          *) loadgen "${flags[@]}" --payload constant --ca-file "$scratch/tls/ca.pem" ;;
        esac
        ;;
      tus-js-client) costs node "$peers/tus-js-load.mjs" "$url" "$count" "$count" "$size" "$chunk" ;;
      tus-to-mock)
        begin mock-discard --store discard
        loadgen "${flags[@]}" --payload random
        ;;
      direct-to-mock)
        begin openhumans-discard --store discard
        TOKEN=example_token costs "$bin/dex-loadgen" run --url "$url" --system openhumans --verify none \
          --uploads "$count" --concurrency "$count" --size "$size" --payload random --member 12345678 --token-env TOKEN
        ;;
      onecodex*)
        begin onecodex-discard --store discard
        TOKEN=demodemodemodemodemodemodemodemo costs "$bin/dex-loadgen" run --url "$url" --system "$contender" \
          --verify none --uploads "$count" --concurrency "$count" --size "$size" --payload random --token-env TOKEN
        ;;
      *) loadgen "${flags[@]}" --payload "$contender" ;;
    esac
    end
    note "client-$name-$contender" "$(calc "$spent / ($size * $count / 1e9)")"
  done
}
begin_tls() {
  mkdir -p "$scratch/tls"
  begin mock-tls --store discard --tls-self-signed "$scratch/tls"
}
# per_gb NAME CONTENDER AGAINST [OPERATOR TARGET]
per_gb() {
  local value
  value=$(figure "client-$1-$2")
  row "$2" '%14.3f' "$value" "$(calc "$value / $(figure "client-$1-$3")")" "${@:4}"
}

client() {
  local js=()
  if [ -d "$peers/node_modules" ]; then
    cp scripts/interop/tus-js-load.mjs "$peers/"
    js=(tus-js-client)
  else
    echo "skipped: tus-js-client (needs node and npm)"
  fi
  echo "skipped: CDC's load tool (its source is not at hand)"
  client_bytes
  client_small
  client_verification
  client_flat
}

client_bytes() {
  say "Clients: bytes, $rounds rounds"
  for ((round = 1; round <= rounds; round++)); do
    shape large "$uploads" "$bytes" "$bytes" plain-send libcurl constant random hl7 csv tls-libcurl tls-constant \
      tus-to-mock direct-to-mock onecodex onecodex-multipart "${js[@]}"
    shape many 100 $((8 << 20)) $((8 << 20)) plain-send libcurl constant random "${js[@]}"
    shape chunked 100 $((8 << 20)) $((256 << 10)) plain-send libcurl constant "${js[@]}"
  done
  local name contender
  for name in large many chunked; do
    case $name in
      large) echo "$uploads x $mib MiB" ;;
      many) echo "100 x 8 MiB" ;;
      chunked) echo "100 x 8 MiB in PATCHes of 256 KiB" ;;
    esac
    printf '%-16s %14s %10s\n' client "CPU-s per GB" "x libcurl"
    per_gb $name plain-send libcurl
    per_gb $name libcurl libcurl
    for contender in "${js[@]}"; do per_gb $name "$contender" libcurl; done
    case $name in chunked) per_gb $name constant libcurl '<=' 1.1 ;; *) per_gb $name constant libcurl '<=' 1.15 ;; esac
    [ $name != chunked ] || continue
    per_gb $name random libcurl
    row "random, more" '%14s' '' "$(calc "$(figure client-$name-random) - $(figure client-$name-constant)")" '<=' 0.05
  done
  printf '%-16s %14s %10s\n' 'large' "CPU-s per GB" "x random"
  for contender in hl7 csv; do per_gb large "$contender" random '<=' 1.5; done
  for contender in random hl7 csv; do
    row "$contender, gzip -6" '%14s' '' "$(gzip_ratio "$contender")"
  done
  printf '%-16s %14s %10s\n' 'large' "CPU-s per GB" "x libcurl"
  per_gb large tls-libcurl tls-libcurl
  per_gb large tls-constant tls-libcurl '<=' 1.2
  printf '%-16s %14s %10s\n' 'large' "CPU-s per GB" "x its tus"
  per_gb large tus-to-mock tus-to-mock
  per_gb large direct-to-mock tus-to-mock '<=' 1.15
  for contender in onecodex onecodex-multipart; do per_gb large "$contender" tus-to-mock '<=' 1.2; done
}
gzip_ratio() {
  local size=$((16 << 20))
  calc "$size / $("$bin/dex-loadgen" payload --kind "$1" --size "$size" | gzip -6 | wc -c)"
}

client_small() {
  say "Clients: $small uploads of 1 KiB, 100 at a time, $rounds rounds"
  local contender contenders=(plain-send libcurl libcurl-own kept own "${js[@]}") flags
  for ((round = 1; round <= rounds; round++)); do
    for contender in "${contenders[@]}"; do
      begin recv-floor
      flags=(--uploads "$small" --concurrency 100 --size 1KiB --connections "$contender")
      case $contender in
        plain-send)
          local port=${url##*:}
          costs "$tools/send_floor" "${port%%/*}" "$small" 100 1024
          ;;
        libcurl) costs "$tools/floor_client" "$url" "$small" 100 1024 ;;
        libcurl-own) costs "$tools/floor_client" "$url" "$small" 100 1024 each ;;
        tus-js-client) costs node "$peers/tus-js-load.mjs" "$url" "$small" 100 1024 ;;
        *) loadgen "${flags[@]}" ;;
      esac
      end
      note "small-$contender" "$(calc "$small / $spent")"
    done
    vegeta
  done
  printf '%-16s %14s %10s\n' client "per CPU-s" "x libcurl"
  for contender in "${contenders[@]}"; do
    local against=libcurl target=()
    case $contender in
      kept) target=('>=' 0.85) ;;
      own) against=libcurl-own target=('>=' 0.85) ;;
      libcurl-own) against=libcurl-own ;;
    esac
    row "$contender" '%14.0f' "$(figure "small-$contender")" \
      "$(calc "$(figure "small-$contender") / $(figure "small-$against")")" "${target[@]}"
  done
  [ ${#js[@]} -eq 0 ] ||
    row "kept, x tus-js" '%14s' '' "$(calc "$(figure small-kept) / $(figure small-tus-js-client)")" '>=' 3.8
  [ ! -x "$peers/vegeta" ] || row 'vegeta, PATCHes' '%14.0f' "$(figure small-vegeta)" \
    "$(calc "$(figure small-vegeta) / $(figure small-libcurl)")"
  # How late an open loop starts its uploads: as late as its timers, and no later.
  for ((round = 1; round <= rounds; round++)); do
    begin recv-floor
    mkdir -p "$scratch/report"
    loadgen --rate 2000/s --duration 5s --size 1KiB --connections kept --allow-late 100% --report "$scratch/report"
    end
    note start-lag "$(grep -oE '"start_lag_p99_ms": *[0-9.e+-]+' "$scratch/report/summary.json" | grep -oE '[0-9.e+-]+$')"
    rm -rf "$scratch/report"
  done
  row "lag p99, ms" '%14s' '' "$(figure start-lag)" '<=' 3
}
# vegeta can only send one PATCH over and over.
vegeta() {
  if [ ! -x "$peers/vegeta" ]; then
    if ! command -v go >/dev/null; then
      [ "$round" -gt 1 ] || echo "skipped: vegeta (needs go)"
      return 0
    fi
    GOBIN=$repo/$peers go install github.com/tsenart/vegeta/v12@v12.12.0 >"$scratch/vegeta.log" 2>&1 || {
      [ "$round" -gt 1 ] || echo "skipped: vegeta (cannot be installed: $(tail -1 "$scratch/vegeta.log"))"
      return 0
    }
  fi
  begin recv-floor
  head -c 1024 /dev/zero >"$scratch/kib"
  printf 'PATCH %s/1\nTus-Resumable: 1.0.0\nUpload-Offset: 0\nContent-Type: application/offset+octet-stream\n@%s\n' \
    "$url" "$scratch/kib" >"$scratch/targets"
  costs "$peers/vegeta" attack -targets "$scratch/targets" -rate 0 -max-workers 100 -duration 3s -output "$scratch/hits"
  end
  local count
  count=$("$peers/vegeta" report -type json "$scratch/hits" | grep -oE '"requests":[0-9]+' | grep -oE '[0-9]+')
  note small-vegeta "$(calc "$count / $spent")"
}

client_verification() {
  say "Clients: verification, $rounds rounds"
  verification large "$uploads" "$mib"
  verification many 100 8
}
# verification NAME UPLOADS MIB: a digest is made while the file is sent, a download is compared afterwards.
verification() {
  local name=$1 count=$2 size=$3 how none
  for ((round = 1; round <= rounds; round++)); do
    for how in none digest download; do
      begin mock-disk
      costs "$bin/dex-loadgen" run --url "$url" --system tus --uploads "$count" --concurrency "$count" \
        --size "${size}MiB" --verify "$how"
      end
      note "verify-$name-$how" "$(calc "$spent / ($count * $size * 1048576 / 1e9)")"
    done
  done
  none=$(figure "verify-$name-none")
  echo "$count x $size MiB"
  printf '%-16s %14s %10s\n' verify "CPU-s per GB" "more, x"
  row none '%14.3f' "$none" ''
  row digest '%14.3f' "$(figure "verify-$name-digest")" "$(calc "$(figure "verify-$name-digest") / $none - 1")" '<=' 0.3
  row download '%14.3f' "$(figure "verify-$name-download")" "$(calc "$(figure "verify-$name-download") / $none - 1")" '<=' 0.5
}

client_flat() {
  say "Clients: memory, after $flat uploads of 1 KiB and after 10000"
  local few
  begin recv-floor
  loadgen --uploads 10000 --concurrency 100 --size 1KiB --connections kept
  few=$peak
  loadgen --uploads "$flat" --concurrency 100 --size 1KiB --connections kept
  end
  printf '%-16s %14s %10s\n' '' '' figure
  row "more, MiB" '%14s' '' "$(calc "($peak - $few) / 1024")" '<=' 5
  # All connections are open at the same time, because uploads take longer than all the handshakes.
  echo '{"name": "slow", "description": "every upload takes 20 s", "upload_rate": "12.8kB/s"}' >"$scratch/slow.json"
  begin_tls
  loadgen --uploads 20 --concurrency 2000 --size 256kB --network "$scratch/slow.json" --ca-file "$scratch/tls/ca.pem"
  few=$peak
  loadgen --uploads 2000 --concurrency 2000 --size 256kB --network "$scratch/slow.json" --ca-file "$scratch/tls/ca.pem"
  end
  row "KB per TLS line" '%14s' '' "$(calc "($peak - $few) * 1.024 / 1980")" '<=' 90
}

for section in "${sections[@]}"; do "$section"; done
exit "$missed"
