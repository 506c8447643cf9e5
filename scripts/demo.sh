#!/usr/bin/env bash
# The whole harness in one go: builds it, starts a mock DEX server on a free port, judges it, and
# pushes 200 lab-report uploads through a network that cuts one connection in five. Then one file
# goes to a mock of Open Humans, and a sample to one of One Codex.
source "$(dirname "$0")/lib/common.sh"

install_packages "${build_packages[@]}" curl
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

say "4. One file for Open Humans: begin, PUT to the object store, complete"
start_mock openhumans --profile openhumans --store "$out/open-humans"
lab_report=$(find "$out/store/deliveries" -type f -name '*.hl7' -print -quit)
# shellcheck disable=SC2154  # set by start_mock
api=$openhumans_url/api/direct-sharing/project/files/upload
as_project=(curl -sS --fail -H 'Authorization: Bearer example_token' -F project_member_id=12345678)
begun=$("${as_project[@]}" "$api/direct/" -F filename=report.hl7 \
  -F 'metadata={"tags": ["hl7"], "description": "A lab report"}')
echo "direct    $begun"
stored=$(curl -sS --fail -T "$lab_report" -w 'HTTP %{http_code}' "$(sed 's/.*"url":"\([^"]*\)".*/\1/' <<<"$begun")")
echo "PUT       $stored"
completed=$("${as_project[@]}" "$api/complete/" -F "file_id=$(sed 's/.*"id":\([0-9]*\).*/\1/' <<<"$begun")")
echo "complete  $completed"

say "5. One sample for One Codex: begin, the form to the object store, confirm"
start_mock onecodex --profile onecodex --store "$out/one-codex"
reads=$out/reads.fastq.gz
$bin/dex-loadgen payload --kind fastq-gz --size 1MiB --out "$reads"
# shellcheck disable=SC2154  # set by start_mock
api=$onecodex_url/api/v1/samples
as_user=(curl -sS --fail -u demodemodemodemodemodemodemodemo: -H 'Content-Type: application/json')
begun=$("${as_user[@]}" "$api/init_upload" -d "{\"filename\": \"reads.fastq.gz\", \"size\": $(stat -c %s "$reads")}")
value() { sed -E "s/.*\"$1\":\"?([^\",]*).*/\1/" <<<"$begun"; }
echo "init      sample $(value sample_id)"
form=()
for name in AWSAccessKeyId acl key policy signature success_action_status x-amz-server-side-encryption; do
  form+=(--form-string "$name=$(value "$name")")
done
stored=$(curl -sS --fail "${form[@]}" -F "file=@$reads" -o /dev/null -w 'HTTP %{http_code}' "$(value upload_url)")
echo "POST      $stored"
confirmed=$("${as_user[@]}" "$api/confirm_upload" -d "{\"sample_id\": \"$(value sample_id)\"}")
echo "confirm   $confirmed"

say "Done. What was made:"
echo "  uploads, as the server stores them   $out/store"
echo "  conformance report (JUnit, JSON)     $out/conformance.xml, $out/conformance.json"
echo "  load report, as a page               $out/load/report.html"
echo "  one delivered lab report             $lab_report"
echo "  the same, as Open Humans keeps it    $out/open-humans"
echo "  reads, and One Codex' store of them  $reads, $out/one-codex"
