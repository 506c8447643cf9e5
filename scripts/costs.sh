#!/usr/bin/env bash
# Measures what the rows of each system send, for `dex-conformance plan`: judges the mock by all rows three
# times, and writes the largest of each figure (of time the smallest) into fixtures/costs. Uses the programs
# in build/$preset/bin.
#   scripts/costs.sh [SYSTEM...]
source "$(dirname "$0")/lib/common.sh"

preset=${preset:-dev}
bin=build/$preset/bin
make_scratch
systems=("$@")
[ $# -gt 0 ] || systems=(tus dex objects openhumans onecodex)

# The credentials of the mock's default user.
export DEX_TEST_USERNAME=demo DEX_TEST_PASSWORD=demo
export DEX_TEST_ACCESS_KEY=AKIAIOSFODNN7EXAMPLE DEX_TEST_SECRET_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY

# asked URL: how many requests the mock has got since its journal was cleared
asked() {
  curl -s "$1/_mock/journal/verify" -H 'Content-Type: application/json' -d '{"match": {}}' |
    python3 -c 'import json, sys; answer = json.load(sys.stdin); print(answer["count"] + answer["dropped"])'
}

for system in "${systems[@]}"; do
  store=$scratch/$system.store
  mkdir -p "$store/deliveries"
  server=() judge=() at=''
  case $system in
    dex)
      server=(--auth jwt)
      judge=(--username-env DEX_TEST_USERNAME --password-env DEX_TEST_PASSWORD --delivered-dir "$store/deliveries")
      ;;
    objects)
      at=/examplebucket
      server=(--read-timeout 2s)
      judge=(--access-key-env DEX_TEST_ACCESS_KEY --secret-key-env DEX_TEST_SECRET_KEY)
      ;;
    openhumans)
      export DEX_TEST_KEY=example_token
      judge=(--token-env DEX_TEST_KEY --other-member 87654321)
      ;;
    onecodex)
      export DEX_TEST_KEY=demodemodemodemodemodemodemodemo DEX_TEST_OTHER_KEY=elseelseelseelseelseelseelseelse
      server=(--oc-api-keys "$DEX_TEST_KEY,$DEX_TEST_OTHER_KEY")
      judge=(--token-env DEX_TEST_KEY --other-token-env DEX_TEST_OTHER_KEY)
      ;;
  esac
  start_mock "$system" --profile "$system" --store "$store" ${server[@]+"${server[@]}"}
  url_name=${system}_url
  url=${!url_name}
  for n in 1 2 3; do
    curl -s -X DELETE "$url/_mock/journal"
    "$bin/dex-conformance" run --url "$url$at" --system "$system" --slow --json "$scratch/$system.$n.json" \
      ${judge[@]+"${judge[@]}"} >"$scratch/$system.$n.out" || {
      tail -20 "$scratch/$system.$n.out" >&2
      die "$system: the mock is not conformant"
    }
    asked "$url" >"$scratch/$system.$n.asked"
  done
  python3 scripts/lib/costs.py "$system" "$scratch" "fixtures/costs/$system.json"
done
