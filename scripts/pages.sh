#!/usr/bin/env bash
# Looks at pages in a browser, with scripts/interop/pages.mjs: axe finds nothing, nothing is fetched, nothing
# is wider than the screen. The pages are those of dex-conformance about a good server and about servers with
# one fault (as in tests/causes_test.cpp), the page of its onboarding, and those of dex-loadgen.
#   scripts/pages.sh [--pictures DIR] [NAME...]     NAMEs as below; without any, all of them
source "$(dirname "$0")/lib/common.sh"

preset=${preset:-dev}
bin=build/$preset/bin
pictures=()
if [ "${1:-}" = --pictures ]; then
  pictures=(--pictures "$2")
  mkdir -p "$2"
  shift 2
fi
names=("$@")
[ $# -gt 0 ] || names=(good head-405 options-garbled location-without-port location-elsewhere dies
  manifest-refused no-manifest dex-as-tus token-ends certificate-expired plain-web-server onboarding load
  compared find-max merged)
if ! command -v chromium >/dev/null || [ ! -d build/interop/node_modules/axe-core ]; then
  die "needs chromium, node, and what scripts/interop.sh installs into build/interop"
fi
make_scratch
pages=()
export DEX_PAGE_USER=demo DEX_PAGE_PASSWORD=demo
quick=(--select 'core-*' --select 'creation*' --select termination --select concatenation --jobs 8 --patience 2)

# judge_page NAME ARGUMENTS...: judges, and fails only when no page is written.
judge_page() {
  local name=$1
  shift
  "$bin/dex-conformance" run "$@" --evidence "$scratch/$name" >"$scratch/$name.out" 2>&1 || :
  [ -s "$scratch/$name/report.html" ] || {
    cat "$scratch/$name.out" >&2
    die "$name: no page was written"
  }
}

# broken NAME RULES MOCK-ARGUMENTS...: starts a mock with these rules; sets $url.
broken() {
  local name=${1//-/_} rules=$2
  shift 2
  if [ -n "$rules" ]; then
    printf '%s' "$rules" >"$scratch/$name.rules.json"
    set -- "$@" --rules "$scratch/$name.rules.json"
  fi
  start_mock "$name" --store memory --control 127.0.0.1:0 "$@"
  local url_name=${name}_url
  url=${!url_name}
}

# load_page NAME ARGUMENTS...: sends uploads to $url with dex-loadgen, which writes its report.
load_page() {
  local name=$1
  shift
  "$bin/dex-loadgen" run --url "$url/files" --system tus --size 64KiB --report "$scratch/$name" "$@" \
    >"$scratch/$name.out" 2>&1 || die "$name: $(tail -3 "$scratch/$name.out")"
}

for name in "${names[@]}"; do
  mkdir -p "$scratch/$name"
  case $name in
    good)
      broken "$name" '' --profile tus
      judge_page "$name" --url "$url/files" --system tus
      ;;
    head-405)
      broken "$name" '{"when": {"method": "HEAD", "route": "upload"}, "then": {"reply": {"early": true, "status": 405}}}' --profile tus
      judge_page "$name" --url "$url/files" --system tus "${quick[@]}"
      ;;
    options-garbled)
      broken "$name" '{"when": {"method": "OPTIONS"}, "then": {"reply": {"headers": {"set": {"Tus-Extension": "creation; termination"}}}}}' --profile tus
      judge_page "$name" --url "$url/files" --system tus "${quick[@]}"
      ;;
    location-without-port | location-elsewhere)
      host=127.0.0.1
      [ "$name" = location-without-port ] || host=inner.example:1080
      broken "$name" '{"when": {"method": "POST", "route": "creation", "reply": {"status": 201}}, "then": {"reply": {"headers": {"replace": {"Location": {"regex": "://[^/]+", "with": "://'$host'"}}}}}}' --profile tus
      judge_page "$name" --url "$url/files" --system tus "${quick[@]}"
      ;;
    dies)
      broken "$name" '{"when": {"method": "PATCH", "headers": {"Content-Type": "text/plain"}}, "then": {"server": {"crash": true, "at": "before"}}}' --profile tus
      judge_page "$name" --url "$url/files" --system tus --select core-patch --select core-head --jobs 1 --patience 200ms
      ;;
    manifest-refused)
      echo '{"version": "2.0", "data_stream_id": "no", "data_stream_route": "such"}' >"$scratch/manifest.json"
      broken "$name" '' --profile dex
      judge_page "$name" --url "$url" --system dex --manifest "$scratch/manifest.json" --select 'core-*' --select 'creation*'
      ;;
    no-manifest)
      mkdir -p "$scratch/configs"
      echo '{"metadata_config": {"fields": []}}' >"$scratch/configs/other_stream.json"
      broken "$name" '' --profile dex --upload-configs "$scratch/configs"
      judge_page "$name" --url "$url" --system dex
      ;;
    dex-as-tus)
      broken "$name" '' --profile dex
      judge_page "$name" --url "$url/files"
      ;;
    token-ends)
      broken "$name" '{"when": {"method": "PATCH", "nth": 9}, "then": {"server": {"revoke_token": true}}}' --profile tus --auth jwt
      DEX_PAGE_TOKEN=$(curl -s "$url/oauth" -d 'grant_type=password&username=demo&password=demo' |
        sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
      export DEX_PAGE_TOKEN
      judge_page "$name" --url "$url/files" --system tus --token-env DEX_PAGE_TOKEN "${quick[@]}"
      ;;
    certificate-expired)
      broken "$name" '' --profile tus --tls-self-signed "$scratch/tls"
      judge_page "$name" --url "https://expired.localhost:${url##*:}/files" --system tus --ca-file "$scratch/tls/ca.pem"
      ;;
    plain-web-server)
      python3 -u -m http.server --bind 127.0.0.1 --directory "$scratch" 0 >"$scratch/web.log" 2>&1 &
      started+=("$!")
      wait_for 20 grep -q 'port [0-9]' "$scratch/web.log" || die "the web server did not come up"
      judge_page "$name" --url "http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$scratch/web.log")/files" --system tus
      ;;
    onboarding)
      broken "$name" '' --profile dex
      printf 'MSH|^~\\&|LAB\n' >"$scratch/sample.hl7"
      echo '{"version": "2.0", "data_stream_id": "no", "data_stream_route": "such"}' >"$scratch/manifest.json"
      "$bin/dex-conformance" onboard --url "$url" --manifest "$scratch/manifest.json" --file "$scratch/sample.hl7" \
        --username-env DEX_PAGE_USER --password-env DEX_PAGE_PASSWORD --html "$scratch/$name/report.html" \
        >"$scratch/$name.out" 2>&1 || :
      [ -s "$scratch/$name/report.html" ] || die "$name: $(cat "$scratch/$name.out")"
      ;;
    load)
      broken "$name" '' --profile tus
      load_page "$name" --uploads 300 --network flaky
      ;;
    compared)
      broken "$name" '' --profile tus
      # compare refuses shorter runs, and runs of different loads.
      load_page base --duration 21s --concurrency 2 &
      load_page new --duration 21s --concurrency 2
      wait $! || exit 1
      "$bin/dex-loadgen" compare "$scratch/base" "$scratch/new" --html "$scratch/$name/report.html" >"$scratch/$name.out" ||
        [ $? -eq 1 ] || die "$name: $(cat "$scratch/$name.out")"
      ;;
    find-max)
      broken "$name" '{"when": {"method": "POST", "rate": {"above": 40, "in": "1s"}}, "then": {"reply": {"early": true, "status": 503}}}' --profile tus
      "$bin/dex-loadgen" find-max --url "$url/files" --system tus --size 1KiB --verify none --retry-delays none \
        --from 30/s --to 60/s --step 1s --warm-up 200ms --html "$scratch/$name/report.html" >"$scratch/$name.out" 2>&1 ||
        die "$name: $(cat "$scratch/$name.out")"
      ;;
    merged)
      broken "$name" '' --profile tus
      at=$(date -u -d '+3 sec' +%Y-%m-%dT%H:%M:%SZ)
      load_page shard.1 --uploads 40 --shard 1/2 --start-at "$at" &
      load_page shard.2 --uploads 40 --shard 2/2 --start-at "$at"
      wait $! || exit 1
      rm -r "${scratch:?}/$name"
      "$bin/dex-loadgen" merge "$scratch/$name" "$scratch/shard.1" "$scratch/shard.2" >"$scratch/$name.out" 2>&1 ||
        die "$name: $(cat "$scratch/$name.out")"
      ;;
    *) die "there is no $name" ;;
  esac
  pages+=("$scratch/$name/report.html")
done

modules=$repo/build/interop
cp scripts/interop/pages.mjs "$modules/"
HOME=$scratch node "$modules/pages.mjs" ${pictures[@]+"${pictures[@]}"} "${pages[@]}"
