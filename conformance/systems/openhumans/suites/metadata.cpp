// Fields and metadata (area openhumans-metadata). They are judged by direct/, which stores no bytes
// and whose entries vanish by themselves.
#include <nlohmann/json.hpp>

#include "openhumans/vocabulary.hpp"
#include "protocol/openhumans/form.hpp"

namespace conformance::suites {
namespace {

using oh::Form;

const std::string dates_text = "Dates must be in ISO 8601 format";
constexpr const char* date_keys[]{"creation_date", "start_date", "end_date"};

/// Correct metadata with `changes`, JSON texts by key; an empty text removes the key.
std::string metadata_with(const std::vector<std::pair<std::string, std::string>>& changes) {
  auto metadata = json_of(oh::good_metadata());
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      metadata.erase(key);
    } else {
      metadata[key] = json_of(value);
    }
  }
  return metadata.dump();
}

std::string json_text(const std::string& text) { return Json(text).dump(); }

/// direct/ with these fields; what it makes is deleted at the end of the run.
Response ask(Context& c, const Form& fields) {
  auto response = oh::post(c, oh::target(c).direct_url, fields);
  static_cast<void>(oh::read_direct(c, response));
  return response;
}
Response ask(Context& c, const std::string& metadata) {
  return ask(c, oh::direct_fields(c, metadata));
}

/// Ends the check as blocked on a server that takes nothing: other rows judge that.
void needs_taken(Context& c) { static_cast<void>(oh::begin(c)); }

/// Each of `all`, as metadata, is refused with a text that has `part` in it.
Outcome refused(Context& c, const std::string& part, const std::vector<std::string>& all) {
  needs_taken(c);
  Findings findings{"400, with a text about metadata: '" + part + "'"};
  for (const auto& metadata : all) {
    const auto response = ask(c, metadata);
    findings.check(oh::refuses(response, "metadata", part),
                   metadata + ": " + oh::tell_problem(response));
  }
  return findings.outcome();
}

/// Each of `all`, as metadata, is answered with 201.
Outcome taken_all(Context& c, const std::string& rule, const std::vector<std::string>& all) {
  Findings findings{rule};
  for (const auto& metadata : all) {
    const auto response = ask(c, metadata);
    findings.check(response.status == 201, metadata + ": " + oh::tell_problem(response));
  }
  return findings.outcome();
}

/// For rules of the document alone: with --contract server, what the server does is only reported.
Outcome by_document(Context& c, const std::string& rule, const std::vector<std::string>& bad,
                    const std::vector<std::string>& good) {
  needs_taken(c);
  Findings findings{rule};
  const auto look = [&](const std::string& metadata, bool is_good) {
    const auto response = ask(c, metadata);
    const bool right = is_good ? response.status == 201 : response.status == 400;
    const auto shown =
        metadata.size() > 100 ? std::to_string(metadata.size()) + " bytes" : metadata;
    findings.check(right, shown + ": " + code(response));
  };
  for (const auto& metadata : bad) look(metadata, false);
  for (const auto& metadata : good) look(metadata, true);
  return oh::by_guide(c) ? findings.outcome() : findings.report();
}

// ---- fields ------------------------------------------------------------------------------------

Outcome missing_fields_told_together(Context& c) {
  needs_taken(c);
  const auto response = ask(c, Form{});
  Findings findings{"all missing fields are told together, in lists: '" +
                    std::string{openhumans::field_required} + "'"};
  const auto document = json_of(response);
  findings.check(response.status == 400, code(response));
  for (const char* field : {"project_member_id", "metadata", "filename"}) {
    const auto text = text_at(document, std::string{"/"} + field + "/0");
    findings.check(text == openhumans::field_required,
                   std::string{field} + ": " + (text ? "'" + *text + "'" : "no list of texts"));
  }
  return findings.outcome();
}

Form of_unknown_member(Context& c, const std::string& metadata = oh::good_metadata()) {
  return oh::with(oh::direct_fields(c, metadata), "project_member_id", "00000000");
}

Outcome unknown_member_is_400(Context& c) {
  needs_taken(c);
  const auto response = ask(c, of_unknown_member(c));
  const std::string text = "project_member_id is invalid";
  const bool ok =
      response.status == 400 && text_at(json_of(response), "/project_member_id") == text;
  return ok ? holds(oh::tell_problem(response))
            : broken("an unknown member: 400, project_member_id: '" + text + "', no list",
                     oh::tell_problem(response));
}

Outcome fields_are_judged_before_member(Context& c) {
  needs_taken(c);
  const auto response = ask(c, of_unknown_member(c, "no JSON"));
  const bool ok = response.status == 400 && !oh::texts_about(response, "metadata").empty() &&
                  oh::texts_about(response, "project_member_id").empty();
  return ok ? holds(oh::tell_problem(response))
            : broken("bad metadata of an unknown member: 400 about metadata only",
                     oh::tell_problem(response));
}

Outcome nul_in_text_is_400(Context& c) {
  needs_taken(c);
  const auto response =
      ask(c, oh::with(oh::direct_fields(c), "filename", std::string{"a\0b.txt", 7}));
  return expect(response.status == 400, "a NUL in a text field: 400", response);
}

Outcome spaces_around_fields_do_not_count(Context& c) {
  const auto response =
      ask(c, oh::with(oh::direct_fields(c), "project_member_id", " " + oh::target(c).member + " "));
  return expect(response.status == 201, "spaces around a text field do not count: 201", response);
}

Outcome last_of_doubled_fields_counts(Context& c) {
  needs_taken(c);
  auto fields = of_unknown_member(c);
  fields.emplace_back("project_member_id", oh::target(c).member);
  Findings findings{"of a field that comes twice the last one counts"};
  const auto good = ask(c, fields);
  findings.check(good.status == 201, "an unknown member, then a good one: " + code(good));
  fields.emplace_back("project_member_id", "00000000");
  const auto bad = ask(c, fields);
  findings.check(bad.status == 400, "a good one, then an unknown one: " + code(bad));
  return findings.outcome();
}

// ---- metadata ----------------------------------------------------------------------------------

Outcome metadata_not_json_is_400(Context& c) {
  return refused(c, "could not parse the uploaded metadata", {"no JSON", "{", "{'tags': []}"});
}

Outcome description_is_required(Context& c) {
  return refused(c, "description", {metadata_with({{"description", ""}})});
}

Outcome description_is_a_string(Context& c) {
  return refused(c, "description",
                 {metadata_with({{"description", "7"}}), metadata_with({{"description", "null"}})});
}

Outcome tags_are_required(Context& c) {
  return refused(c, "tags", {metadata_with({{"tags", ""}})});
}

Outcome tags_are_a_list(Context& c) {
  return refused(c, "tags",
                 {metadata_with({{"tags", R"("csv")"}}), metadata_with({{"tags", "{}"}}),
                  metadata_with({{"tags", "null"}})});
}

Outcome one_metadata_error_is_told(Context& c) {
  needs_taken(c);
  const auto response = ask(c, "{}");
  const auto texts = oh::texts_about(response, "metadata");
  const bool ok = response.status == 400 && texts.size() == 1 &&
                  texts.front().find("description") != std::string::npos;
  return ok ? holds(oh::tell_problem(response))
            : broken("neither description nor tags: 400, one text, about description",
                     oh::tell_problem(response));
}

Outcome empty_tags_and_description_taken(Context& c) {
  return taken_all(c, "no tags and an empty description are taken: 201",
                   {R"({"tags": [], "description": ""})"});
}

Outcome description_of_101_characters_is_400(Context& c) {
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\u00fc";
  return by_document(c, "a description of 101 characters: 400, of 100: 201",
                     {metadata_with({{"description", json_text(letters(101))}})},
                     {metadata_with({{"description", json_text(letters(100))}}),
                      metadata_with({{"description", json_text(umlauts)}})});
}

Outcome tags_that_are_no_strings(Context& c) {
  return by_document(c, "tags that are no strings: 400",
                     {metadata_with({{"tags", "[1]"}}), metadata_with({{"tags", "[null]"}}),
                      metadata_with({{"tags", R"(["csv", ["x"]])"}})},
                     {});
}

Outcome malformed_md5_is_400(Context& c) {
  needs_taken(c);
  Findings findings{"an md5 that has not the form of one: 400"};
  for (const std::string md5 : {"abc", "156da7fc980988c5168237443684994"}) {
    const auto response = ask(c, metadata_with({{"md5", json_text(md5)}}));
    findings.check(oh::refuses(response, "metadata", ""),
                   json_text(md5) + ": " + oh::tell_problem(response));
  }
  const auto right = ask(c, metadata_with({{"md5", json_text(oh::md5_of("x"))}}));
  findings.check(right.status == 201, "a right one: " + code(right));
  return findings.outcome();
}

Outcome another_files_md5_is_400(Context& c) {
  const std::string bytes = "these bytes\n";
  const auto right = metadata_with({{"md5", json_text(oh::md5_of(bytes))}});
  const auto wrong = metadata_with({{"md5", json_text(oh::md5_of("others"))}});
  Findings findings{"an md5 of other bytes: 400; of the file: taken"};
  for (const bool good : {true, false}) {
    const auto& metadata = good ? right : wrong;
    const std::string label = good ? "of the file, " : "of other bytes, ";
    const auto simple =
        oh::upload(c, oh::file_fields(c, metadata), oh::file_part(oh::new_name(c)), bytes);
    findings.check(simple.status == (good ? 201 : 400), label + "upload/: " + code(simple));
    const auto file = oh::begin(c, oh::direct_fields(c, metadata));
    oh::store(c, file, bytes);
    const auto completed = oh::complete(c, file.id);
    findings.check(completed.status == (good ? 200 : 400), label + "complete/: " + code(completed));
  }
  return oh::by_guide(c) ? findings.outcome() : findings.report();
}

// ---- dates -------------------------------------------------------------------------------------

std::vector<std::string> with_dates(const std::vector<std::string>& dates) {
  std::vector<std::string> all;
  for (const auto* key : date_keys) {
    for (const auto& date : dates) all.push_back(metadata_with({{key, json_text(date)}}));
  }
  return all;
}

Outcome iso_8601_dates_are_taken(Context& c) {
  return taken_all(c, "dates and times of ISO 8601: 201",
                   with_dates({"2018-05-27", "2018-05-27T12:22:27Z", "2018-05-27T12:22:27+02:00"}));
}

Outcome other_date_formats_are_400(Context& c) {
  return refused(c, dates_text, with_dates({"yesterday", "05/27/2018"}));
}

Outcome impossible_date_is_400(Context& c) {
  needs_taken(c);
  Findings findings{"a date that no calendar has: 400"};
  for (const auto& metadata : with_dates({"2018-02-30", "2018-13-01"})) {
    const auto response = ask(c, metadata);
    findings.check(response.status == 400, metadata + ": " + code(response));
  }
  return findings.outcome();
}

Outcome metadata_of_wrong_type_is_400(Context& c) {
  needs_taken(c);
  Findings findings{"metadata of a wrong type: 400"};
  std::vector<std::string> all{"7", "null", R"("x")", "[]", R"(["description", "tags"])"};
  for (const char* md5 : {"7", "null"}) all.push_back(metadata_with({{"md5", md5}}));
  for (const char* date : {"null", "[]"}) all.push_back(metadata_with({{"start_date", date}}));
  for (const auto& metadata : all) {
    const auto response = ask(c, metadata);
    findings.check(response.status == 400, metadata + ": " + code(response));
  }
  return findings.outcome();
}

Outcome other_metadata_keys_are_kept(Context& c) {
  const auto metadata = metadata_with({{"of-our-own", R"({"a": [1, null, "\u00fc"]})"}});
  const auto response =
      oh::upload(c, oh::file_fields(c, metadata), oh::file_part(oh::new_name(c)), "bytes");
  const auto id = oh::id_in(response);
  if (!id) return broken("other keys are taken: 201", oh::tell_problem(response));
  const auto file = oh::file_in(oh::listed(c), *id);
  const auto* const seen = value_at(file, "/metadata/of-our-own");
  const bool same = seen && *seen == json_of(metadata).at("of-our-own");
  return same ? holds("201, and it is listed")
              : broken("other keys are kept: the listing has them as they were sent",
                       seen ? "it has another value" : "it has not the key");
}

}  // namespace

std::vector<Check> openhumans_metadata() {
  return {
      {"OH-META-001", missing_fields_told_together},
      {"OH-META-002", unknown_member_is_400},
      {"OH-META-003", fields_are_judged_before_member},
      {"OH-META-004", metadata_not_json_is_400},
      {"OH-META-005", description_is_required},
      {"OH-META-006", description_is_a_string},
      {"OH-META-007", tags_are_required},
      {"OH-META-008", tags_are_a_list},
      {"OH-META-009", one_metadata_error_is_told},
      {"OH-META-010", empty_tags_and_description_taken},
      {"OH-META-011", description_of_101_characters_is_400},
      {"OH-META-012", tags_that_are_no_strings},
      {"OH-META-013", malformed_md5_is_400},
      {"OH-META-014", another_files_md5_is_400},
      {"OH-META-015", iso_8601_dates_are_taken},
      {"OH-META-016", other_date_formats_are_400},
      {"OH-META-017", impossible_date_is_400},
      {"OH-META-018", metadata_of_wrong_type_is_400},
      {"OH-META-019", other_metadata_keys_are_kept},
      {"OH-META-020", nul_in_text_is_400},
      {"OH-META-021", spaces_around_fields_do_not_count},
      {"OH-META-022", last_of_doubled_fields_counts},
  };
}

}  // namespace conformance::suites
