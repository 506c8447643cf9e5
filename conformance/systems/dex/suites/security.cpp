// Holes that DEX main has and its successors should not (area dex-security).
#include "dex/suites/auth.hpp"
#include "dex/vocabulary.hpp"
#include "tus/suites/core_patch.hpp"

namespace conformance::suites {
namespace {

Outcome route_without_token_is_401(Context& c) {
  needs_authorization(c);
  Request request;
  request.method = "POST";
  request.url = dex_target(c).root_url + "route/" + upload_id_of(create(c));
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"target":"any"})";
  const auto response = send_anonymously(c, std::move(request));
  needs_published(c, response, "/route");
  return expect(response.status == 401, "delivering again needs a token: 401", response);
}

Outcome encoded_slashes_stay_in_store(Context& c) {
  const auto id = upload_id_of(create(c));
  Findings findings{"encoded slashes in /info/{id} stay inside the store: 404"};
  for (const auto& path : {"..%2ftus-prefix%2f" + id, "x%2f..%2f" + id, ".%2f" + id,
                           std::string{"..%2f..%2f..%2fetc%2fpasswd"}, "..%5c" + id}) {
    const auto response = c.get(dex_target(c).info_url + "/" + path);
    const bool refused = status_in(response, {400, 404});
    const auto at = path.find(id);
    findings.check(refused, (at == std::string::npos ? path : path.substr(0, at) + "{id}") + ": " +
                                code(response));
  }
  return findings.outcome();
}

Outcome file_name_stays_in_delivery_folder(Context& c) {
  // One step up stays inside the folder of a target whose paths begin with a date, so that this
  // does no harm where it works.
  const auto refusal = post_refused(c, {{"filename", "../dex-harness.txt"}});
  Findings findings{"a file name with '../' does not reach the delivery: 400"};
  return findings
      .check(refusal.response.status == 400, "filename '../dex-harness.txt': " + refusal.summary())
      .outcome();
}

Outcome forwarded_host_not_in_location(Context& c) {
  const auto response = send_tus(c, "POST", c.target().url,
                                 {{"Upload-Length", "10"},
                                  {std::string{hdr::upload_metadata}, metadata_header(c)},
                                  {"Forwarded", "host=stranger.example"}});
  const auto location = value_of(response, "Location");
  if (response.status == 201) c.created(creation_base(c) + "/" + id_of(location));
  const bool followed = location.find("stranger.example") != std::string::npos;
  Findings findings{"Location does not follow Forwarded, which any client can send"};
  return findings
      .check(!followed,
             code(response) + ", Location " +
                 (followed ? "follows it (unless a proxy strips the field)" : "does not follow it"))
      .outcome();
}

Outcome options_and_opaque_tokens_leak_nothing(Context& c) {
  needs_authorization(c);
  const auto url = info_url_of(c, visible_upload(c));
  Findings findings{"a made-up token is refused, and OPTIONS of /info tells nothing without one"};
  const auto made_up = get_anonymously(c, url, {{"Authorization", "Bearer anything"}});
  findings.check(made_up.status == 401, "'Bearer anything': " + code(made_up));
  Request request;
  request.method = "OPTIONS";
  request.url = url;
  const auto options = send_anonymously(c, std::move(request));
  const bool tells = json_of(options).is_object();
  findings.check(!tells, "OPTIONS /info/{id}: " + code(options) + (tells ? " with the info" : ""));
  return findings.outcome();
}

Outcome slow_sender_is_cut_off(Context& c) { return stalled_sender_is_timed_out(c); }

}  // namespace

std::vector<Check> dex_security() {
  return {
      {"DEX-SEC-001", route_without_token_is_401, ext::creation},
      {"DEX-SEC-002", encoded_slashes_stay_in_store, ext::creation},
      {"DEX-SEC-003", file_name_stays_in_delivery_folder, ext::creation},
      {"DEX-SEC-004", forwarded_host_not_in_location, ext::creation},
      {"DEX-SEC-005", options_and_opaque_tokens_leak_nothing, ext::creation},
      {"DEX-SEC-006", slow_sender_is_cut_off, ext::creation},
  };
}

}  // namespace conformance::suites
