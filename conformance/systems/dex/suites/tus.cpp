// What DEX offers of tus (area dex-tus).
#include <algorithm>
#include <array>
#include <cctype>

#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// RFC 9562 section 5.4: xxxxxxxx-xxxx-4xxx-[89ab]xxx-xxxxxxxxxxxx
bool is_uuid_v4(std::string_view id) {
  if (id.size() != 36) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : std::isxdigit(static_cast<unsigned char>(id[i])) == 0) return false;
  }
  return id[14] == '4' && std::string_view{"89abAB"}.find(id[19]) != std::string_view::npos;
}

Outcome extensions_of_the_file_store(Context& c) {
  const auto response = ask_options(c);
  Findings findings{"Tus-Extension lists what the file store offers"};
  for (const auto extension : {ext::creation, ext::creation_with_upload, ext::termination,
                               ext::concatenation, ext::creation_defer_length}) {
    const bool listed = response.headers.has_token(hdr::tus_extension, extension);
    findings.check(listed, std::string{extension} + (listed ? "" : " is not listed"));
  }
  return findings.outcome();
}

Outcome upload_ids_are_uuid_v4(Context& c) {
  Findings findings{"the Location ends in a version 4 UUID that the server made"};
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const auto id = upload_id_of(create(c));
    findings.check(is_uuid_v4(id), is_uuid_v4(id) ? "a version 4 UUID" : "'" + id + "'");
    findings.check(ids.insert(id).second, ids.size() > 1 ? "another one" : "not used before");
  }
  return findings.outcome();
}

Outcome no_size_limit_is_told(Context& c) {
  Findings findings{"there is no size limit"};
  const auto options = ask_options(c);
  findings.check(!options.headers.has(hdr::tus_max_size), tell(options, hdr::tus_max_size));
  const auto created = post(c, {.length = Bytes{1ULL << 40U}});
  findings.check(created.status == 201, "a length of 1 TiB: " + code(created));
  return findings.outcome();
}

Outcome location_follows_forwarded_fields(Context& c) {
  const std::string origin = "https://gateway.example/";
  Findings findings{"Location follows X-Forwarded-Host and -Proto, and Forwarded"};
  const auto look = [&](const char* label, Fields fields) {
    fields.add("Upload-Length", "10");
    fields.add(std::string{hdr::upload_metadata}, metadata_header(c));
    const auto response = send_tus(c, "POST", c.target().url, fields);
    const auto location = value_of(response, "Location");
    if (response.status == 201) {
      // The URL under which we reach the upload, so that it is deleted after the run.
      c.created(creation_base(c) + "/" + id_of(location));
    }
    findings.check(response.status == 201 && location.starts_with(origin),
                   std::string{label} + ": " + code(response) +
                       ", Location: " + location.substr(0, location.rfind('/') + 1) + "...");
  };
  look("X-Forwarded-Host and -Proto",
       {{"X-Forwarded-Host", "gateway.example"}, {"X-Forwarded-Proto", "https"}});
  look("Forwarded", {{"Forwarded", "for=192.0.2.7;host=gateway.example;proto=https"}});
  return findings.outcome();
}

Outcome any_origin_with_credentials(Context& c) {
  Request request;
  request.method = "OPTIONS";
  request.url = c.target().url;
  request.headers = {{"Origin", "https://partner.example"},
                     {"Access-Control-Request-Method", "POST"}};
  const auto response = send_anonymously(c, std::move(request));
  Findings findings{"a preflight allows credentials, and names the origin that asks"};
  for (const auto& [name, value] :
       {std::pair{"Access-Control-Allow-Origin", "https://partner.example"},
        {"Access-Control-Allow-Credentials", "true"}}) {
    findings.check(value_of(response, name) == value, tell(response, name));
  }
  return findings.outcome();
}

Outcome final_skips_pre_finish_hook(Context&) {
  return not_offered(
      "the library's version shows only in hooks on the server; see DEX-DELIV-012 for what it "
      "does to final uploads");
}

Outcome draft_protocol_is_off(Context& c) {
  const auto response = post_with(c, {{"Tus-Resumable", ""},
                                      {"Upload-Draft-Interop-Version", "6"},
                                      {"Upload-Complete", "?0"},
                                      {"Upload-Length", "10"}});
  return expect(response.status == 412,
                "a request of the IETF draft is one without Tus-Resumable: 412", response);
}

Outcome two_writers_one_wins(Context& c) {
  const auto upload = create(c);
  auto first = half_sent_patch(c, upload, Bytes{0}, 10, "aaaaa");
  const auto second = attempt(c, "PATCH", upload, patch_fields("0"), std::string(10, 'b'));
  static_cast<void>(first.send("aaaaa", answer_timeout));
  const auto read = first.read_response(answer_timeout);
  const bool first_won = read.response && is_2xx(*read.response);
  const bool second_won = second.response && is_2xx(*second.response);
  first.close();
  Findings findings{"of two writers at most one wins, and the bytes are one writer's"};
  const auto name = [&](const char* who, bool won) {
    return std::string{who} + " writer " + (won ? "won" : "did not win");
  };
  findings.check(!(first_won && second_won),
                 name("the first", first_won) + ", " + name("the second", second_won));
  std::optional<Bytes> offset;
  c.eventually(c.patience(), [&] { return (offset = try_offset(c, upload)).has_value(); });
  if (!offset) stop_blocked("HEAD of the upload succeeds once both writers are gone", "it fails");
  if (*offset == Bytes{10}) {
    const auto same = stored_equals(c, upload, std::string(10, second_won ? 'b' : 'a'));
    if (same) findings.check(*same, *same ? "its bytes" : "bytes of both writers");
  } else {
    findings.check(!first_won && !second_won,
                   "offset " + std::to_string(offset->value) + " of 10 afterwards");
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_tus() {
  return {
      {"DEX-TUS-001", extensions_of_the_file_store},
      {"DEX-TUS-002", upload_ids_are_uuid_v4, ext::creation},
      {"DEX-TUS-003", no_size_limit_is_told, ext::creation},
      {"DEX-TUS-004", location_follows_forwarded_fields, ext::creation},
      {"DEX-TUS-005", any_origin_with_credentials},
      {"DEX-TUS-006", final_skips_pre_finish_hook},
      {"DEX-TUS-007", draft_protocol_is_off},
      {"DEX-TUS-008", two_writers_one_wins, ext::creation},
  };
}

}  // namespace conformance::suites
