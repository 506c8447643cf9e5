// /info/{id} (area dex-info).
#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

const std::string initiated{dex::upload_state::initiated};
const std::string in_progress{dex::upload_state::in_progress};
const std::string complete{dex::upload_state::complete};

bool has_status(const SeenInfo& info, const std::string& status) { return info.status() == status; }

SeenInfo await_status(Context& c, const std::string& upload, const std::string& status) {
  return await_info(c, upload, status_deadline,
                    [&](const SeenInfo& seen) { return has_status(seen, status); });
}

/// A PATCH; ends the check as blocked when the server does not take it.
void patch_or_stop(Context& c, const std::string& upload, Bytes offset, const std::string& body) {
  const auto patched = patch(c, upload, offset, body);
  if (!is_2xx(patched)) stop_blocked("PATCH stores the bytes: 204", describe(patched));
}

/// An upload with 4 of 10 bytes, which were sent a second after the creation.
std::string partly_uploaded(Context& c) {
  auto upload = create(c);
  let_the_second_pass(c);
  patch_or_stop(c, upload, Bytes{0}, "abcd");
  return upload;
}

/// DEX-INFO-001 by the guide, which spells the keys another way: Upload_Status.
Outcome info_001_by_guide(Context& c) {
  const auto info = see_info(c, visible_upload(c));
  Findings findings{
      "GET /info/{id} is 200 application/json with the keys Deliveries, File_Info, Manifest and "
      "Upload_Status"};
  findings.check(info.response.status == 200 && has_type(info.response, "application/json"),
                 describe(info.response));
  for (const auto& [pointer, expected] :
       {std::pair{"", "{Deliveries, File_Info, Manifest, Upload_Status}"},
        {"/Upload_Status", "{Chunk_Received_At, Status}"},
        {"/File_Info", "{Size_Bytes, Updated_At}"}}) {
    const auto* value = value_at(info.raw, pointer);
    const auto members = value ? members_of(*value) : "missing";
    findings.check(members == expected, std::string{pointer} + ": " + members);
  }
  for (const char* field : {"Upload_Id", "Dex_Ingest_Datetime"}) {
    const bool told = text_at(info.raw, std::string{"/Manifest/"} + field).has_value();
    findings.check(told, std::string{field} + (told ? ": a text" : ": missing"));
  }
  return findings.outcome();
}

Outcome info_has_four_members(Context& c) {
  if (by_guide(c)) return info_001_by_guide(c);
  const auto info = see_info(c, create(c));
  Findings findings{
      "GET /info/{id} is 200 application/json with the keys deliveries, file_info, manifest and "
      "upload_status"};
  findings.check(info.response.status == 200 && has_type(info.response, "application/json"),
                 describe(info.response));
  const auto members = members_of(info.raw);
  findings.check(members == "{deliveries, file_info, manifest, upload_status}", members);
  const auto inside = [&](const char* pointer, const std::string& expected) {
    const auto* value = value_at(info.raw, pointer);
    findings.check(value && members_of(*value) == expected,
                   std::string{pointer + 1} + ": " + (value ? members_of(*value) : "missing"));
  };
  inside("/upload_status", "{chunk_received_at, status}");
  if (!info.without_file()) inside("/file_info", "{size_bytes, updated_at}");
  const auto* manifest = value_at(info.json, "/manifest");
  findings.check(manifest && manifest->is_object(),
                 "manifest is " + std::string{manifest ? manifest->type_name() : "missing"});
  return findings.outcome();
}

Outcome info_says_initiated_at_first(Context& c) {
  const auto info = await_status(c, create(c), initiated);
  needs_incomplete_info(c, info);
  Findings findings{"after the creation the status is 'Initiated', with the time of it"};
  findings.check(info.response.status == 200 && has_status(info, initiated), info.summary());
  const auto time = text_at(info.json, "/upload_status/chunk_received_at");
  findings.check(utc_time(time).has_value(),
                 "chunk_received_at is " + (utc_time(time) ? "a time" : time.value_or("missing")));
  return findings.outcome();
}

Outcome info_says_in_progress(Context& c) {
  const auto info = await_status(c, partly_uploaded(c), in_progress);
  needs_incomplete_info(c, info);
  Findings findings{"some bytes later the status is 'In Progress', within 3 s"};
  return findings
      .check(info.response.status == 200 && has_status(info, in_progress), info.summary())
      .outcome();
}

Outcome info_status_lags_a_second(Context& c) {
  const auto upload = create(c);
  patch_or_stop(c, upload, Bytes{0}, "abcd");
  return observed("a PATCH right after the creation, and /info at once: " +
                  see_info(c, upload).summary());
}

Outcome info_says_complete(Context& c) {
  const auto info = await_status(c, create_complete(c, letters(10)), complete);
  Findings findings{"after the last byte the status is 'Complete', within 3 s"};
  return findings.check(has_status(info, complete), info.summary()).outcome();
}

Outcome info_counts_the_stored_bytes(Context& c) {
  const auto upload = create(c);
  Findings findings{
      "file_info.size_bytes is the number of bytes stored, updated_at a time in UTC (an S3 store "
      "may say null until the upload is complete)"};
  const auto look = [&](std::uint64_t stored, bool last) {
    const auto legal = [&](const SeenInfo& seen) {
      return seen.size() == Bytes{stored} || (!last && seen.without_file()) ||
             (!last && by_guide(c) && seen.response.status == 404);
    };
    const auto info = await_info(c, upload, status_deadline, legal);
    if (!last && by_guide(c) && info.response.status == 404) return;  // DEX-INFO-010
    findings.check(legal(info), std::to_string(stored) + " bytes stored: " + info.summary());
    if (info.without_file()) return;
    const auto time = text_at(info.json, "/file_info/updated_at");
    findings.check(utc_time(time).has_value(), utc_time(time)
                                                   ? "updated_at is a time"
                                                   : "updated_at: " + time.value_or("missing"));
  };
  look(0, false);
  patch_or_stop(c, upload, Bytes{0}, "abcd");
  look(4, false);
  patch_or_stop(c, upload, Bytes{4}, "efghij");
  look(10, true);
  return findings.outcome();
}

Outcome updated_at_is_of_the_file(Context& c) {
  const auto upload = create_complete(c, letters(10));
  const auto updated = [](const SeenInfo& info) {
    return text_at(info.json, "/file_info/updated_at").value_or("");
  };
  const auto first = await_info(c, upload, status_deadline,
                                [&](const SeenInfo& seen) { return !updated(seen).empty(); });
  if (updated(first).empty()) stop_blocked("/info tells file_info.updated_at", first.summary());
  let_the_second_pass(c);  // a clock in whole seconds must not hide a difference
  const auto second = updated(see_info(c, upload));
  Findings findings{"updated_at is the time of the last byte, not of the question"};
  return findings
      .check(updated(first) == second, updated(first) == second
                                           ? "the same a second later"
                                           : updated(first) + ", a second later " + second)
      .outcome();
}

Outcome chunk_received_at_is_monotone(Context& c) {
  const auto upload = create(c);
  Findings findings{"chunk_received_at is a time in UTC that never goes back"};
  std::optional<http::TimePoint> last;
  const auto look = [&](const char* when, const std::string& status) {
    const auto info = await_status(c, upload, status);
    if (status != complete) needs_incomplete_info(c, info);
    const auto text = text_at(info.json, "/upload_status/chunk_received_at");
    const auto time = utc_time(text);
    const bool ok = time && (!last || *time >= *last);
    findings.check(ok, std::string{when} + (ok     ? ": a time"
                                            : time ? ": an earlier time"
                                                   : ": " + text.value_or("missing")));
    if (time) last = time;
  };
  look("after the creation", initiated);
  let_the_second_pass(c);
  patch_or_stop(c, upload, Bytes{0}, "abcd");
  look("after 4 bytes", in_progress);
  patch_or_stop(c, upload, Bytes{4}, "efghij");
  look("after the last byte", complete);
  return findings.outcome();
}

Outcome deliveries_null_before_the_first(Context& c) {
  if (by_guide(c)) {
    const auto seen = await_deliveries(c, visible_upload(c));
    const auto* deliveries = value_at(seen.json, "/deliveries");
    const bool one = entries_of(seen).size() == 1;
    Findings findings{"the deliveries of an upload with one target are an object"};
    return findings
        .check(!one || deliveries->is_object(),
               std::string{one ? "one target" : "several targets"} + ": " + deliveries->type_name())
        .outcome();
  }
  const auto info = see_info(c, create(c));
  const auto* deliveries = value_at(info.json, "/deliveries");
  Findings findings{"deliveries is null until a delivery was tried"};
  return findings
      .check(deliveries && deliveries->is_null(),
             code(info.response) + ", deliveries: " + (deliveries ? deliveries->dump() : "missing"))
      .outcome();
}

Outcome info_of_unfinished_upload_is_200(Context& c) {
  const auto info = see_info(c, create(c));
  if (by_guide(c)) {
    return expect(info.response.status == 404, "/info of an incomplete upload is 404",
                  info.response);
  }
  return expect(info.response.status == 200, "/info of an incomplete upload is 200", info.response);
}

Outcome info_after_delete_is_404(Context& c) {
  const auto upload = visible_upload(c);
  if (const auto before = see_info(c, upload); before.response.status != 200) {
    stop_blocked("/info of the upload is 200 before it is removed", describe(before.response));
  }
  const auto removed = remove(c, upload);
  if (!is_2xx(removed)) stop_blocked("DELETE removes the upload: 204", describe(removed));
  const auto info = see_info(c, upload);
  return expect(info.response.status == 404, "/info of a removed upload is 404", info.response);
}

Outcome info_errors_are_plain_text(Context& c) {
  const auto response = c.get(info_url_of(c, unknown_upload(c)));
  if (!is_4xx(response)) stop_blocked("/info of an unknown upload is 404", describe(response));
  return expect(has_type(response, error_type(c)),
                "errors of /info are " + std::string{error_type(c)}, response);
}

Outcome info_of_empty_upload_is_complete(Context& c) {
  const auto info = await_status(c, create_complete(c, ""), complete);
  Findings findings{"an empty upload is 'Complete' with size_bytes 0"};
  return findings.check(has_status(info, complete) && info.size() == Bytes{0}, info.summary())
      .outcome();
}

Outcome info_has_no_cors_headers(Context& c) {
  Request request;
  request.method = "GET";
  request.url = info_url_of(c, visible_upload(c));
  request.headers = {{"Origin", "https://partner.example"}};
  const auto response = c.send(std::move(request));
  Findings findings{"/info has no CORS headers"};
  return findings
      .check(!response.headers.has("Access-Control-Allow-Origin"),
             code(response) + ", " + tell(response, "Access-Control-Allow-Origin"))
      .outcome();
}

Outcome info_tells_its_own_manifest(Context& c) {
  const std::string field = "dex_harness_part";
  std::vector<std::string> uploads;
  for (const char* part : {"first", "second"}) {
    tus::Metadata more;
    more.set(field, part);
    uploads.push_back(create_complete(c, letters(10), {.metadata = more}));
  }
  Findings findings{"the manifest in /info is that of the upload, whatever was created since"};
  const auto look = [&](const std::string& upload, const std::string& part) {
    const auto info = await_info(c, upload, status_deadline, [](const SeenInfo& seen) {
      return value_at(seen.json, "/manifest") != nullptr;
    });
    const auto told = text_at(info.json, "/manifest/" + field);
    findings.check(told == part, "the " + part + " upload: " +
                                     (told ? "that of the " + *told : "a manifest without it"));
    const auto id = text_at(info.json, "/manifest/upload_id");
    if (id && *id != upload_id_of(upload)) findings.check(false, "with another upload_id");
  };
  look(uploads[0], "first");
  look(uploads[1], "second");
  look(uploads[0], "first");
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_info() {
  return {
      {"DEX-INFO-001", info_has_four_members, ext::creation},
      {"DEX-INFO-002", info_says_initiated_at_first, ext::creation},
      {"DEX-INFO-003", info_says_in_progress, ext::creation},
      {"DEX-INFO-004", info_status_lags_a_second, ext::creation},
      {"DEX-INFO-005", info_says_complete, ext::creation},
      {"DEX-INFO-006", info_counts_the_stored_bytes, ext::creation},
      {"DEX-INFO-007", updated_at_is_of_the_file, ext::creation},
      {"DEX-INFO-008", chunk_received_at_is_monotone, ext::creation},
      {"DEX-INFO-009", deliveries_null_before_the_first, ext::creation},
      {"DEX-INFO-010", info_of_unfinished_upload_is_200, ext::creation},
      {"DEX-INFO-011", info_after_delete_is_404, ext::termination},
      {"DEX-INFO-012", info_errors_are_plain_text, ext::creation},
      {"DEX-INFO-013", info_of_empty_upload_is_complete, ext::creation},
      {"DEX-INFO-014", info_has_no_cors_headers, ext::creation},
      {"DEX-INFO-015", info_tells_its_own_manifest, ext::creation},
  };
}

}  // namespace conformance::suites
