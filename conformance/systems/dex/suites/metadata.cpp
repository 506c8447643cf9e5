// Which manifests are refused, and in which words (area dex-metadata).
#include "dex/suites/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

const std::string stream{dex::field::data_stream_id};
const std::string stream_route{dex::field::data_stream_route};
const std::string config_missing = "manifest validation config file not found";

std::string missing(const Context& c, const std::string& field) {
  return by_guide(c) ? "Missing required metadata '" + field + "'"
                     : "field " + field + " was missing";
}
std::string disallowed(const Context& c, const std::string& field, const std::string& value) {
  return by_guide(c) ? field + " = " + value + " is not one of the allowed values"
                     : field + " had disallowed value " + value;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Those of the fields that DEX's metadata version 2 demands of every sender that the target's
/// manifest carries.
std::vector<std::string> sender_fields(const Context& c) {
  std::vector<std::string> fields;
  for (const auto field : {dex::field::sender_id, dex::field::data_producer_id,
                           dex::field::jurisdiction, dex::field::received_filename}) {
    if (dex_target(c).manifest.contains(std::string{field})) fields.emplace_back(field);
  }
  return fields;
}

bool is_uuid(const std::optional<std::string>& text) {
  return text && text->size() == 36 && std::count(text->begin(), text->end(), '-') == 4;
}

/// For the rows about data_stream_id and data_stream_route.
Outcome without_stream_field(Context& c, const std::string& field) {
  Findings findings{"a manifest without " + field + " is refused: 400 '" + missing(c, field) + "'"};
  const auto refusal = post_refused(c, {{field, std::nullopt}});
  expect_refusal(findings, "without " + field, refusal, missing(c, field));
  if (by_guide(c)) return findings.outcome();  // the guide's sample has no id
  const auto id = text_at(refusal.json, "/upload_id");
  findings.check(is_uuid(id),
                 is_uuid(id) ? "upload_id is a UUID" : "upload_id: " + id.value_or("missing"));
  return findings.outcome();
}

Outcome missing_data_stream_id_is_400(Context& c) { return without_stream_field(c, stream); }
Outcome missing_data_stream_route_is_400(Context& c) {
  return without_stream_field(c, stream_route);
}

Outcome missing_required_field_is_400(Context& c) {
  Findings findings{"every required field must be present: 400 'field X was missing'"};
  const auto fields = sender_fields(c);
  if (fields.empty()) return not_offered("the manifest has none of the fields of version 2");
  for (const auto& field : fields) {
    expect_refusal(findings, "without " + field, post_refused(c, {{field, std::nullopt}}),
                   missing(c, field));
  }
  return findings.outcome();
}

Outcome all_field_errors_told_together(Context& c) {
  const auto fields = sender_fields(c);
  if (fields.size() < 2) return not_offered("the manifest has fewer than two of the fields");
  const auto refusal =
      post_refused(c, {{fields.front(), std::nullopt}, {fields.back(), std::nullopt}});
  Findings findings{"all faults of a manifest are told together"};
  return findings
      .check(refusal.response.status == 400 && refusal.says(missing(c, fields.front())) &&
                 refusal.says(missing(c, fields.back())),
             "without " + fields.front() + " and " + fields.back() + ": " + refusal.summary())
      .outcome();
}

Outcome disallowed_value_is_400(Context& c) {
  Findings findings{
      "a value that is not allowed is refused: 400 '{field} had disallowed value "
      "{value}'"};
  std::string taken;
  std::vector<std::string> fields = sender_fields(c);
  fields.insert(fields.begin(), stream);  // in capitals: the config is found all the same
  for (const auto& field : fields) {
    const auto own = dex_target(c).manifest.find(field);
    const auto value = field == stream && own != dex_target(c).manifest.end()
                           ? upper(own->second)
                           : std::string{"Nowhere at all"};
    const auto refusal = post_refused(c, {{field, value}});
    if (refusal.response.status == 201) {
      taken += (taken.empty() ? "" : ", ") + field;
      continue;
    }
    if (refusal.says(config_missing)) continue;  // DEX-META-011 judges that
    expect_refusal(findings, fmt::format("{} '{}'", field, value), refusal,
                   disallowed(c, field, value));
    return findings.outcome();
  }
  if (is_testing_stream(c)) {
    return findings.check(false, "every value is taken for " + taken).outcome();
  }
  return not_offered("this stream's config restricts none of: " + taken);
}

Outcome optional_field_with_allowed_values(Context& c) {
  for (const auto& [field, value] : dex_target(c).manifest) {
    if (field == stream || field == stream_route) continue;
    const auto refusal = post_refused(c, {{field, std::nullopt}});
    if (refusal.says(field + " had disallowed value ")) {
      return observed("without " + field + ": " + refusal.summary());
    }
  }
  return not_offered(
      "this stream's config has no optional field with allowed values among those of the manifest");
}

Outcome stream_without_config_is_400(Context& c) {
  const auto refusal = post_refused(c, {{stream_route, "no-such-route"}});
  Findings findings{"a stream without a config is refused: 400 '" + config_missing + "'"};
  // Other errors are not compared: each store words its own, a missing file or a missing blob.
  return findings
      .check(refusal.response.status == 400 && (by_guide(c) || refusal.says(config_missing)),
             stream_route + " 'no-such-route': " + refusal.summary())
      .outcome();
}

Outcome slash_in_file_name_is_400(Context& c) {
  Findings findings{"a '/' in a file name is refused"};
  expect_refusal(findings, "received_filename 'test/-file'",
                 post_refused(c, {{"received_filename", "test/-file"}}),
                 by_guide(c) ? "received_filename = test/-file"
                             : "invalid character found in test/-file validation failure");
  return findings.outcome();
}

Outcome slash_checked_only_where_configured(Context& c) {
  return observed("filename 'a/b', which need not be in the config: " +
                  post_refused(c, {{"filename", "a/b"}}).summary());
}

Outcome other_characters_in_file_name(Context& c) {
  Findings findings{""};
  for (const auto& [label, value] : {std::pair<const char*, std::string>{"a backslash", "a\\b"},
                                     {"'..'", ".."},
                                     {"a control character",
                                      "a\x01"
                                      "b"},
                                     {"a line break", "a\nb"}}) {
    findings.note(std::string{label} + " in received_filename: " +
                  code(post_refused(c, {{"received_filename", value}}).response));
  }
  return findings.report();
}

Outcome config_lookup_ignores_case(Context& c) {
  const auto own = dex_target(c).manifest.find(stream);
  if (own == dex_target(c).manifest.end() || upper(own->second) == own->second) {
    return not_offered("the manifest's " + stream + " has no small letters");
  }
  const auto refusal = post_refused(c, {{stream, upper(own->second)}});
  Findings findings{"the config is looked up without regard to case, values are not"};
  const auto seen = stream + " in capitals: " + refusal.summary();
  if (refusal.response.status == 201 && !is_testing_stream(c)) {
    return not_offered("this stream's config does not restrict " + stream);
  }
  return findings
      .check(
          refusal.response.status == 400 && refusal.says(disallowed(c, stream, upper(own->second))),
          seen)
      .outcome();
}

Outcome config_lookup_stays_in_folder(Context& c) {
  Findings findings{"a path in data_stream_id does not leave the folder of configs: 400"};
  for (const auto& value : {std::string{"../x"}, std::string{"/etc/passwd"}, std::string{"..\\x"},
                            std::string{"x\0y", 3}}) {
    const auto refusal = post_refused(c, {{stream, value}});
    const auto label = value.find('\0') == std::string::npos ? "'" + value + "'" : "a NUL byte";
    findings.check(refusal.response.status == 400 && (by_guide(c) || refusal.says(config_missing)),
                   label + ": " + code(refusal.response) +
                       (refusal.says(config_missing) ? ", no config" : " " + refusal.summary()));
  }
  return findings.outcome();
}

Outcome version_1_manifest_is_400(Context& c) {
  dex::Manifest version_1{{"meta_destination_id", "dextesting"},
                          {"meta_ext_event", "testevent1"},
                          {"meta_ext_source", "dex-harness"}};
  if (by_guide(c)) {
    const auto created = post_manifest(c, version_1);
    return expect(created.status == 201, "a manifest of version 1 is taken: 201", created);
  }
  Findings findings{"a manifest of version 1 is refused: 400 '" + missing(c, stream) + "'"};
  expect_refusal(findings, "meta_destination_id and meta_ext_event only",
                 refusal_of(c, post_manifest(c, version_1)), missing(c, stream));
  return findings.outcome();
}

Outcome non_base64_value_counts_as_missing(Context& c) {
  auto manifest = manifest_with(c, {{"sender_id", std::nullopt}});
  Creation creation;
  creation.raw_metadata = tus::format_metadata(dex::metadata_of(manifest)) + ",sender_id !!!";
  const auto refusal = refusal_of(c, post(c, creation));
  Findings findings{"a value that is not Base64 counts as missing"};
  // A server may refuse the whole header before it looks for fields (TUS-META-006).
  const bool told =
      refusal.says(missing(c, "sender_id")) ||
      (refusal.errors.empty() && refusal.response.body.find("sender_id") != std::string::npos);
  return findings
      .check(refusal.response.status == 400 && told, "sender_id '!!!': " + refusal.summary())
      .outcome();
}

Outcome field_names_are_case_sensitive(Context& c) {
  const auto own = dex_target(c).manifest.find("jurisdiction");
  if (own == dex_target(c).manifest.end()) return not_offered("the manifest has no jurisdiction");
  if (by_guide(c)) {
    const auto created = post_manifest(
        c, manifest_with(c, {{"jurisdiction", std::nullopt}, {"Jurisdiction", own->second}}));
    return expect(created.status == 201, "Jurisdiction, as the guide spells it, is taken: 201",
                  created);
  }
  Findings findings{"field names are told apart by case"};
  expect_refusal(findings, "Jurisdiction",
                 post_refused(c, {{"jurisdiction", std::nullopt}, {"Jurisdiction", own->second}}),
                 missing(c, "jurisdiction"));
  return findings.outcome();
}

Outcome refusal_json_says_plain_text(Context& c) {
  const auto refusal = post_refused(c, {{stream, std::nullopt}});
  if (refusal.response.status != 400) {
    stop_blocked("a manifest without " + stream + " is refused: 400", describe(refusal.response));
  }
  Findings findings{"the 400 is JSON that is labelled " + std::string{error_type(c)}};
  findings.check(refusal.json.is_object(),
                 refusal.json.is_object() ? "a JSON object" : "no JSON object");
  findings.check(has_type(refusal.response, error_type(c)), tell(refusal.response, "Content-Type"));
  return findings.outcome();
}

/// A refusal, and the upload_id that it names.
std::pair<Refusal, std::string> refused_with_id(Context& c) {
  auto refusal = post_refused(c, {{stream, std::nullopt}});
  const auto id = text_at(refusal.json, "/upload_id");
  if (refusal.response.status == 400 && !id && by_guide(c)) {
    throw Stop{not_offered("the guide's refusal names no upload_id, nor does this one")};
  }
  if (refusal.response.status != 400 || !id) {
    stop_blocked("a manifest without " + stream + " is refused: 400 with upload_id",
                 refusal.summary());
  }
  return {std::move(refusal), *id};
}

Outcome refusal_id_is_no_upload(Context& c) {
  const auto first = refused_with_id(c).second;
  const auto second = refused_with_id(c).second;
  Findings findings{"the 400 names a fresh upload_id that is no upload"};
  findings.check(first != second, first != second ? "another id each time" : "the same id twice");
  const auto info = c.get(dex_target(c).info_url + "/" + first);
  findings.check(info.status == 404, "/info of it: " + code(info));
  return findings.outcome();
}

Outcome broken_config_is_500(Context&) {
  return not_offered("needs a config file on the server that is broken");
}
Outcome config_is_cached_misses_not(Context&) {
  return not_offered("needs a config file on the server to change while it runs");
}

Outcome parts_and_finals_are_validated(Context& c) {
  Findings findings{"partial and final uploads need a manifest like any other: 400"};
  Creation bare{.raw_metadata = "", .concat = "partial"};
  const auto partial = post(c, bare);
  findings.check(partial.status == 400, "a partial upload without metadata: " + code(partial));
  std::string parts = "final;";
  for (const char* body : {"abc", "defg"}) {
    parts += (parts.back() == ';' ? "" : " ") + create_complete(c, body, {.concat = "partial"});
  }
  const auto joined = post(c, {.length = std::nullopt, .raw_metadata = "", .concat = parts});
  findings.check(joined.status == 400, "a final upload without metadata: " + code(joined));
  return findings.outcome();
}

Outcome refused_post_creates_nothing(Context& c) {
  const auto [refusal, id] = refused_with_id(c);
  Findings findings{"a refused creation has no Location and leaves no upload"};
  findings.check(!refusal.response.headers.has("Location"),
                 code(refusal.response) + ", " + tell(refusal.response, "Location"));
  const auto head = head_of(c, creation_base(c) + "/" + id);
  findings.check(is_gone(head), "HEAD of its id: " + code(head));
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_metadata() {
  std::vector<Check> checks{
      {"DEX-META-001", missing_data_stream_id_is_400, ext::creation},
      {"DEX-META-002", missing_data_stream_route_is_400, ext::creation},
      {"DEX-META-003", missing_required_field_is_400, ext::creation},
      {"DEX-META-004", all_field_errors_told_together, ext::creation},
      {"DEX-META-005", disallowed_value_is_400, ext::creation},
      {"DEX-META-006", optional_field_with_allowed_values, ext::creation},
      {"DEX-META-007", stream_without_config_is_400, ext::creation},
      {"DEX-META-008", slash_in_file_name_is_400, ext::creation},
      {"DEX-META-009", slash_checked_only_where_configured, ext::creation},
      {"DEX-META-010", other_characters_in_file_name, ext::creation},
      {"DEX-META-011", config_lookup_ignores_case, ext::creation},
      {"DEX-META-012", config_lookup_stays_in_folder, ext::creation},
      {"DEX-META-013", version_1_manifest_is_400, ext::creation},
      {"DEX-META-017", non_base64_value_counts_as_missing, ext::creation},
      {"DEX-META-018", field_names_are_case_sensitive, ext::creation},
      {"DEX-META-020", refusal_json_says_plain_text, ext::creation},
      {"DEX-META-021", refusal_id_is_no_upload, ext::creation},
      {"DEX-META-022", broken_config_is_500},
      {"DEX-META-023", config_is_cached_misses_not},
      {"DEX-META-024", parts_and_finals_are_validated, ext::concatenation},
      {"DEX-META-025", refused_post_creates_nothing, ext::creation},
  };
  for (const Check& check : dex_metadata_taken()) checks.push_back(check);
  return checks;
}

}  // namespace conformance::suites
