#!/usr/bin/env bash
# The whole harness in one go: builds it, starts a mock DEX server on a free port, judges it, and
# pushes 200 lab-report uploads through a network that cuts one connection in five.
source "$(dirname "$0")/lib/common.sh"

install_packages "${build_packages[@]}"
build release dex-mock-server dex-conformance dex-loadgen
bin=build/release/bin
out=build/demo
rm -rf "$out"
mkdir -p "$out"
make_scratch

say "1. A mock DEX server"
export DEX_USERNAME=demo DEX_PASSWORD=demo
start_mock mock --profile dex --auth jwt --store "$out/store"
# shellcheck disable=SC2154  # set by start_mock
echo "dex-mock-server --profile dex --auth jwt --store $out/store   is ready at $mock_url"

say "2. Is it a conformant DEX server?"
$bin/dex-conformance run --url "$mock_url/files" --system dex \
  --username-env DEX_USERNAME --password-env DEX_PASSWORD \
  --junit "$out/conformance.xml" --json "$out/conformance.json"

say "3. 200 HL7 lab reports over a flaky network"
$bin/dex-loadgen run --url "$mock_url/files" --system dex \
  --username-env DEX_USERNAME --password-env DEX_PASSWORD \
  --uploads 200 --concurrency 50 --size uniform:256KiB-4MiB --payload hl7 --network flaky \
  --report "$out/load"

say "Done. What was made:"
echo "  uploads, as the server stores them   $out/store"
echo "  conformance report (JUnit, JSON)     $out/conformance.xml, $out/conformance.json"
echo "  load report                          $out/load"
echo "  one delivered lab report             $(find "$out/store/deliveries" -type f -name '*.hl7' -print -quit)"
