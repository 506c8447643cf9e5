// What init_upload takes and gives (area onecodex-init).
#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "onecodex/vocabulary.hpp"
#include "protocol/base64.hpp"

namespace conformance::suites {
namespace {

/// Bodies that break one limit each: 400 and a message.
struct Broken {
  const char* label;
  std::string members;
};
std::string in_metadata(const std::string& members) { return "\"metadata\": {" + members + "}"; }
std::string member(const std::string& name, const std::string& text) {
  return "\"" + name + "\": \"" + text + "\"";
}

template <class Rows>
Outcome all_refused(Context& c, const std::string& rule, const Rows& rows) {
  oc::need_init(c);
  Findings findings{rule + ": 400"};
  for (const auto& [label, members] : rows) {
    const auto response = oc::init(c, members);
    findings.check(oc::is_problem(response, 400), std::string{label} + ": " + oc::told(response));
  }
  return findings.outcome();
}

std::string body_with(const std::string& members) { return "{" + members + "}"; }
Response init_with(Context& c, const std::string& members) {
  auto response = oc::post(c, "samples/init_upload", body_with(members));
  static_cast<void>(oc::read_initiated(c, response));
  return response;
}

Outcome init_gives_form_and_id(Context& c) {
  const auto response = oc::post(c, "samples/init_upload", R"({"filename": "a.fa", "size": 5})");
  const auto begun = oc::read_initiated(c, response);
  Findings findings{
      "200 {additional_fields, sample_id, upload_url}, and the fields are an object with a key, a "
      "policy and a signature"};
  findings.check(begun.has_value(), oc::told(response));
  if (begun) {
    for (const char* name : {"AWSAccessKeyId", "key", "policy", "signature"}) {
      const bool there = !oc::field(begun->file, name).empty();
      findings.check(there, std::string{name} + (there ? "" : " is missing"));
    }
  }
  return findings.outcome();
}

Outcome ids_are_16_hex_digits(Context& c) {
  const auto begun = oc::begin(c);
  const bool right =
      begun.id.size() == 16 && begun.id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return right ? holds("16 hexadecimal digits")
               : broken("an id of 16 lower-case hexadecimal digits", "another form");
}

Outcome each_init_is_an_upload(Context& c) {
  const auto first = oc::begin(c);
  const auto second = oc::begin(c);
  Findings findings{"every call begins an upload of its own: another id, another key"};
  const bool ids = first.id != second.id;
  const bool keys = oc::field(first.file, "key") != oc::field(second.file, "key");
  findings.check(ids, ids ? "two ids" : "one id for two");
  findings.check(keys, keys ? "two keys" : "one key for two");
  return findings.outcome();
}

Outcome file_name_off_pattern_is_400(Context& c) {
  oc::need_init(c);
  Findings findings{"names that do not match the pattern: 400"};
  for (const char* name : {"a", ".fa", "..", "a.", "-a.fa", " a.fa", "a.fa ", "a/b.fa", "../x.fa",
                           "a+b.fa", "a,b.fa", "a\\tb.fa"}) {
    const auto response = init_with(c, member("filename", name) + ", \"size\": 5");
    findings.check(oc::is_problem(response, 400),
                   "'" + std::string{name} + "': " + oc::told(response));
  }
  return findings.outcome();
}

Outcome file_name_on_pattern_is_taken(Context& c) {
  Findings findings{"names that match the pattern: 200"};
  for (const char* name :
       {"a.fa", "a b.fa", "a[1].fq.gz", "a(1)-{2}.fq", "...", ".a.b", "1.2", "a..b"}) {
    const auto response = init_with(c, member("filename", name) + ", \"size\": 5");
    findings.check(response.status == 200, "'" + std::string{name} + "': " + code(response));
  }
  return findings.outcome();
}

/// A regex engine that backtracks takes four minutes for it, and half a second for an eighth of it.
Outcome long_name_is_refused_at_once(Context& c) {
  oc::need_init(c);
  std::string name;
  while (name.size() < 4'000) name += "a.";
  const auto begun = std::chrono::steady_clock::now();
  const auto response = init_with(c, member("filename", name + "!") + ", \"size\": 5");
  const auto took = std::chrono::steady_clock::now() - begun;
  const bool quick = took < std::chrono::seconds{2};
  Findings findings{"a name of 4,001 characters: 400, at once"};
  findings.check(response.status == 400, code(response));
  findings.check(quick, quick ? "at once" : "after more than 2 s");
  return findings.outcome();
}

Outcome size_must_be_whole_number(Context& c) {
  oc::need_init(c);
  Findings findings{"a size that is no number from 1: 400"};
  for (const char* size : {"0", "-1", "1.5", "\"5\"", "true"}) {
    const auto response = init_with(c, std::string{R"("filename": "a.fa", "size": )"} + size);
    findings.check(oc::is_problem(response, 400), std::string{size} + ": " + oc::told(response));
  }
  const auto document = oc::post(c, "documents/init_upload", R"({"filename": "a", "size": 0})");
  static_cast<void>(oc::read_initiated(c, document, oc::Kind::document));
  findings.check(oc::is_problem(document, 400), "0 of a document: " + oc::told(document));
  return findings.outcome();
}

Outcome missing_size_by_contract(Context& c) {
  oc::need_init(c);
  const bool guide = oc::by_guide(c);
  Findings findings{guide ? "a size is not needed, and may be null: 200"
                          : "a size is needed, and is not null: 400"};
  for (const char* more : {"", ", \"size\": null"}) {
    const auto response = init_with(c, std::string{R"("filename": "a.fa")"} + more);
    const bool ok = guide ? response.status == 200 : oc::is_problem(response, 400);
    findings.check(ok, std::string{*more == '\0' ? "none" : "null"} + ": " + oc::told(response));
  }
  return findings.outcome();
}

Outcome metadata_beyond_limits_is_400(Context& c) {
  const std::string long_text(256, 'x');
  const Broken rows[] = {
      {"name", in_metadata(member("name", long_text))},
      {"location_string", in_metadata(member("location_string", long_text))},
      {"external_sample_id", in_metadata(member("external_sample_id", std::string(61, 'x')))},
      {"location_lat", in_metadata("\"location_lat\": 90.5")},
      {"location_lon", in_metadata("\"location_lon\": -180.5")},
      {"library_type", in_metadata(member("library_type", "wgs"))},
      {"sample_type", in_metadata(member("sample_type", "isolate"))},
      {"platform", in_metadata(member("platform", "abacus"))},
      {"starred", in_metadata("\"starred\": \"yes\"")},
      {"date_collected", in_metadata(member("date_collected", "yesterday"))},
      {"custom of two levels", in_metadata("\"custom\": {\"a\": {\"b\": 1}}")},
      {"no object", "\"metadata\": []"},
  };
  return all_refused(c, "metadata beyond its limits", rows);
}

Outcome metadata_within_limits_is_200(Context& c) {
  const std::string text(255, 'x');
  Findings findings{"metadata within its limits: 200"};
  for (const auto& members :
       {member("name", text), member("location_string", text),
        member("external_sample_id", std::string(60, 'x')),
        std::string{R"("location_lat": 90, "location_lon": -180)"},
        std::string{R"("library_type": "WGS", "sample_type": "Metagenomic", "platform": "Sanger")"},
        std::string{R"("date_collected": "2018-05-27T12:22:27Z", "starred": true)"},
        std::string{R"("custom": {"a": 1, "b": "c", "d": null, "e": false})"}}) {
    const auto response = oc::init(c, in_metadata(members));
    findings.check(response.status == 200,
                   members.substr(1, members.find('"', 1) - 1) + ": " + oc::told(response));
  }
  if (oc::by_guide(c)) {
    const auto response = oc::init(c, in_metadata(member("platform", "Element AVITI")));
    findings.check(response.status == 200, "a platform of the document: " + oc::told(response));
  }
  return findings.outcome();
}

Outcome tags_beyond_limits_are_400(Context& c) {
  const Broken rows[] = {
      {"a name of 31 characters", R"("tags": [{"name": ")" + std::string(31, 'x') + "\"}]"},
      {"a text", R"("tags": ["a"])"},
      {"no list", R"("tags": {"name": "a"})"},
  };
  std::vector<Broken> all(std::begin(rows), std::end(rows));
  if (oc::by_guide(c)) all.push_back({"no name", R"("tags": [{}])"});
  return all_refused(c, "tags beyond their limits", all);
}

Outcome other_upload_type_is_400(Context& c) {
  return all_refused(c, "an upload_type that there is not",
                     std::array{Broken{"fast", member("upload_type", "fast")}});
}

Outcome unknown_sample_id_is_400(Context& c) {
  return all_refused(
      c, "no pre-uploaded sample matches",
      std::array{Broken{"sample_id", member("sample_id", "dexconformance00")},
                 Broken{"external_sample_id", member("external_sample_id", "dex-conformance")}});
}

Outcome unknown_init_member_is_400(Context& c) {
  if (oc::by_guide(c)) return not_offered("the documents do not say it");
  return all_refused(c, "a member that the schema does not name",
                     std::array{Broken{"dex", "\"dex\": 1"}});
}

Outcome document_may_have_any_name(Context& c) {
  const auto begun = oc::begin_document(c, "a report: 1+2.pdf");
  Findings findings{"a document may have any name: 200, and it is told again"};
  const auto response = oc::get(c, "documents/" + begun.id);
  const bool same = text_at(json_of(response), "/filename") == "a report: 1+2.pdf";
  findings.check(response.status == 200 && same, code(response) + (same ? "" : ", another name"));
  return findings.outcome();
}

/// The policy has to have a condition for each of these fields of the form.
Outcome policy_expires_and_covers_fields(Context& c) {
  const auto begun = oc::begin(c);
  const auto text = base64::decode(oc::field(begun.file, "policy"));
  const auto policy = text ? json_of(*text) : Json(nullptr);
  const auto* const conditions = value_at(policy, "/conditions");
  Findings findings{"the policy expires, and covers every field of the form and the bucket"};
  findings.check(text_at(policy, "/expiration").has_value(), "expiration");
  const auto covers = [&](const std::string& name) {
    if (!conditions || !conditions->is_array()) return false;
    return std::ranges::any_of(*conditions, [&](const Json& condition) {
      if (condition.is_object()) return condition.contains(name);
      return condition.is_array() && condition.size() > 1 && condition[1] == "$" + name;
    });
  };
  for (const char* name :
       {"bucket", "key", "acl", "success_action_status", "x-amz-server-side-encryption"}) {
    const bool covered = covers(name);
    findings.check(covered, std::string{name} + (covered ? "" : " is not covered"));
  }
  return findings.outcome();
}

/// Names on which dialects of regular expressions differ: Python's takes both.
Outcome pattern_dialect_of_file_names(Context& c) {
  oc::need_init(c);
  Findings findings{"what the pattern leaves open"};
  for (const char* name : {"é.fa", "a.fa\\n"}) {
    const auto response = init_with(c, member("filename", name) + ", \"size\": 5");
    findings.must(is_2xx(response) || is_4xx(response), "a name is taken or refused",
                  "'" + std::string{name} + "': " + code(response));
    findings.note("'" + std::string{name} + "': " + code(response));
  }
  return findings.report();
}

Outcome preuploaded_sample_is_found_again(Context& c) {
  const auto external = "dex-conformance-" + oc::target(c).run_id();
  const auto made = oc::post(c, "samples/preupload",
                             body_with(in_metadata(member("external_sample_id", external))));
  const auto id = onecodex::parse_id(made.body, oc::Kind::sample);
  Findings findings{"preupload: 200 {sample_id}, and init_upload gives a form for that sample"};
  findings.check(made.status == 200 && id, "preupload: " + oc::told(made));
  if (!id) return findings.outcome();
  c.created(oc::target(c).url_of("samples/" + *id));
  const auto cancelled = [&](const std::string& members, const std::string& label) {
    const auto begun = oc::read_initiated(c, oc::init(c, members));
    const bool same = begun && begun->id == *id;
    findings.check(same, label + (same ? ": the sample" : ": another one, or none"));
    return oc::cancel(c, *id);
  };
  taken(cancelled(member("external_sample_id", external), "by external_sample_id"),
        "cancel_upload of a sample that was pre-uploaded");
  static_cast<void>(cancelled(member("sample_id", *id), "by sample_id"));
  return findings.outcome();
}

/// Without `expand` there is a reference to each resource, with it the calls of the resource.
Outcome schema_for_old_clients_is_served(Context& c) {
  Findings findings{"GET schema and schema?expand=all: 200, with samples and what they can do"};
  const auto plain = oc::get(c, "schema");
  const bool referred = value_at(json_of(plain), "/properties/samples/$ref") != nullptr;
  findings.check(plain.status == 200 && referred, "schema: " + code(plain));
  const auto whole = oc::get(c, "schema?expand=all");
  const auto document = json_of(whole);
  const auto* const links = value_at(document, "/properties/samples/links");
  const bool can = links && links->is_array() && std::ranges::any_of(*links, [](const Json& link) {
                     return text_at(link, "/rel") == "init_upload";
                   });
  findings.check(whole.status == 200 && can, "expanded: " + code(whole));
  return findings.outcome();
}

}  // namespace

std::vector<Check> onecodex_init() {
  return {
      {"OC-INIT-001", init_gives_form_and_id},
      {"OC-INIT-002", ids_are_16_hex_digits},
      {"OC-INIT-003", each_init_is_an_upload},
      {"OC-INIT-004", file_name_off_pattern_is_400},
      {"OC-INIT-005", file_name_on_pattern_is_taken},
      {"OC-INIT-006", long_name_is_refused_at_once},
      {"OC-INIT-007", size_must_be_whole_number},
      {"OC-INIT-008", missing_size_by_contract},
      {"OC-INIT-009", metadata_beyond_limits_is_400},
      {"OC-INIT-010", metadata_within_limits_is_200},
      {"OC-INIT-011", tags_beyond_limits_are_400},
      {"OC-INIT-012", other_upload_type_is_400},
      {"OC-INIT-013", unknown_sample_id_is_400},
      {"OC-INIT-014", unknown_init_member_is_400},
      {"OC-INIT-015", document_may_have_any_name},
      {"OC-INIT-016", policy_expires_and_covers_fields},
      {"OC-INIT-017", pattern_dialect_of_file_names},
      {"OC-INIT-018", preuploaded_sample_is_found_again},
      {"OC-INIT-019", schema_for_old_clients_is_served},
  };
}

}  // namespace conformance::suites
