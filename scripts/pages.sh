#!/usr/bin/env bash
# Pages of dex-conformance, as a browser shows them: judges one good server and those that are broken in
# one thing (tests/causes_test.cpp has them too), and looks at each page with scripts/interop/pages.mjs -
# axe finds nothing, nothing is fetched, nothing is wider than the screen.
#   scripts/pages.sh [--pictures DIR] [NAME...]     (NAMEs as below; without any, all of them)
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
  manifest-refused no-manifest dex-as-tus token-ends certificate-expired plain-web-server)
if ! command -v chromium >/dev/null || [ ! -d build/interop/node_modules/axe-core ]; then
  die "needs chromium, node, and what scripts/interop.sh installs into build/interop"
fi
make_scratch
pages=()
export DEX_PAGE_USER=demo DEX_PAGE_PASSWORD=demo
quick=(--select 'core-*' --select 'creation*' --select termination --select concatenation --jobs 8 --patience 2)

# judge_page NAME ARGUMENTS...: whatever comes of it, there is a page.
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

for name in "${names[@]}"; do
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
    *) die "there is no $name" ;;
  esac
  pages+=("$scratch/$name/report.html")
done

modules=$repo/build/interop
cp scripts/interop/pages.mjs "$modules/"
HOME=$scratch node "$modules/pages.mjs" ${pictures[@]+"${pictures[@]}"} "${pages[@]}"
