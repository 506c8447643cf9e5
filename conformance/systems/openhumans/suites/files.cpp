// delete/ and the listings (area openhumans-files).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "openhumans/vocabulary.hpp"

namespace conformance::suites {
namespace {

using http::Form;
using Ids = std::vector<std::uint64_t>;

Form by_id(std::uint64_t id) { return {{"file_id", std::to_string(id)}}; }
Form by_name(const std::string& name) { return {{"file_basename", name}}; }
Form by_all(const std::string& value = "true") { return {{"all_files", value}}; }

/// "200, 2 ids", or what is wrong.
std::string tell_deletion(const Response& response) {
  const auto ids = oh::ids_in(response);
  return ids ? "200, " + std::to_string(ids->size()) + (ids->size() == 1 ? " id" : " ids")
             : oh::tell_problem(response);
}

Ids sorted(Ids ids) {
  std::ranges::sort(ids);
  return ids;
}

/// Uploads a file for each of these names, one after the other.
Ids uploaded(Context& c, const std::vector<std::string>& names) {
  Ids ids;
  for (const auto& name : names) ids.push_back(oh::upload(c, name, "bytes"));
  return ids;
}

Findings& check_listed(Findings& findings, Context& c, const std::string& label, std::uint64_t id,
                       bool wanted) {
  const bool there = oh::is_listed(c, id);
  return findings.check(there == wanted, label + (there ? " is listed" : " is not listed"));
}

// ---- delete/ -----------------------------------------------------------------------------------

Outcome delete_by_file_id(Context& c) {
  const auto ids = uploaded(c, {oh::new_name(c), oh::new_name(c)});
  const auto response = oh::erase(c, by_id(ids.front()));
  Findings findings{"delete/ by file_id: 200 and that id, and only that file goes"};
  findings.check(oh::ids_in(response) == Ids{ids.front()}, tell_deletion(response));
  check_listed(findings, c, "it", ids.front(), false);
  check_listed(findings, c, "another", ids.back(), true);
  return findings.outcome();
}

Outcome delete_by_basename_takes_exact_matches(Context& c) {
  const auto name = oh::new_name(c);
  auto in_capitals = name;
  in_capitals.front() = 'D';
  const auto ids = uploaded(c, {name, name, in_capitals, name + "x"});
  const auto response = oh::erase(c, by_name(name));
  Findings findings{"delete/ by file_basename: 200 and the ids of all exact matches, which go"};
  findings.check(oh::ids_in(response) == sorted({ids[0], ids[1]}), tell_deletion(response));
  check_listed(findings, c, "the first", ids[0], false);
  check_listed(findings, c, "the second", ids[1], false);
  check_listed(findings, c, "one of another letter case", ids[2], true);
  check_listed(findings, c, "one of a longer name", ids[3], true);
  return findings.outcome();
}

Outcome delete_all_is_one_members(Context& c) {
  const auto& other = oh::other_member(c);
  const auto kept = oh::upload(c, oh::new_name(c), "bytes");
  const Ids ids = sorted({oh::upload_for(c, other, oh::new_name(c), "bytes"),
                          oh::upload_for(c, other, oh::new_name(c), "bytes")});
  Findings findings{"delete/ by all_files: 200 and the ids of the member's files, which go"};
  const auto response = oh::erase(c, by_all(), other);
  // The member may have had other files.
  const auto gone = oh::ids_in(response);
  findings.check(gone && std::ranges::includes(*gone, ids),
                 gone ? "200, and the two are among the ids" : oh::tell_problem(response));
  const auto left = oh::listed(c, other).size();
  findings.check(left == 0, std::to_string(left) + " files are left");
  const auto again = oh::erase(c, by_all(), other);
  findings.check(oh::ids_in(again) == Ids{}, "again: " + tell_deletion(again));
  check_listed(findings, c, "a file of another member", kept, true);
  return findings.outcome();
}

Outcome delete_of_nothing_is_200(Context& c) {
  const auto name = oh::new_name(c);
  const auto id = oh::upload(c, name, "bytes");
  if (oh::ids_in(oh::erase(c, by_id(id))) != Ids{id}) {
    stop_blocked("delete/ by file_id takes the file away: 200 and its id", "it does not");
  }
  Findings findings{"what there is not is no error: 200, no ids"};
  for (const auto& [label, selector] : {std::pair{"an id that was deleted", by_id(id)},
                                        {"an unknown id", by_id(999'999'999)},
                                        {"a name that was deleted", by_name(name)},
                                        {"an unknown name", by_name(oh::new_name(c))}}) {
    const auto response = oh::erase(c, selector);
    findings.check(oh::ids_in(response) == Ids{},
                   std::string{label} + ": " + tell_deletion(response));
  }
  return findings.outcome();
}

Outcome other_members_file_stays(Context& c) {
  const auto& other = oh::other_member(c);
  const auto name = oh::new_name(c);
  const auto id = oh::upload(c, name, "bytes");
  Findings findings{"another member's file is not deleted: 200, no ids"};
  const auto response = oh::erase(c, by_id(id), other);
  findings.check(oh::ids_in(response) == Ids{}, "by file_id: " + tell_deletion(response));
  const auto named = oh::erase(c, by_name(name), other);
  findings.check(oh::ids_in(named) == Ids{}, "by file_basename: " + tell_deletion(named));
  check_listed(findings, c, "it", id, true);
  return findings.outcome();
}

/// Each of `selectors` has to be refused: 400 with `key`. Blocked where a correct deletion fails.
Outcome refused_selectors(Context& c, const std::string& key, const std::vector<Form>& selectors,
                          const std::string& member) {
  Findings findings{"400 with '" + key + "'"};
  const auto known = oh::erase(c, by_name(oh::new_name(c)));
  if (!oh::ids_in(known)) stop_blocked("a correct deletion is taken", oh::tell_problem(known));
  for (const auto& selector : selectors) {
    const auto response = oh::erase(c, selector, member);
    const bool told = response.status == 400 && text_at(json_of(response), "/" + key).has_value();
    findings.check(told, oh::tell_problem(response));
  }
  return findings.outcome();
}

Outcome delete_without_selector_is_400(Context& c) {
  return refused_selectors(c, "missing_field", {Form{}}, oh::target(c).member);
}

Outcome delete_by_two_selectors_is_400(Context& c) {
  const auto name = oh::new_name(c);
  const auto id = oh::upload(c, name, "bytes");
  auto both = by_id(id);
  both.emplace_back("file_basename", name);
  auto outcome = refused_selectors(c, "too_many", {both}, oh::target(c).member);
  if (outcome.kind == Outcome::Kind::holds && !oh::is_listed(c, id)) {
    return broken("several selectors: 400, and nothing is deleted", "the file is gone");
  }
  return outcome;
}

Outcome false_all_files_is_absent(Context& c) {
  // Another member, as a server that takes these values for true deletes all files of the member.
  const auto& other = oh::other_member(c);
  return refused_selectors(c, "missing_field", {by_all("false"), by_all("False"), by_all("0")},
                           other);
}

Outcome deleted_file_cannot_be_had(Context& c) {
  const auto id = oh::upload(c, oh::new_name(c), "bytes");
  const auto url = text_at(oh::file_in(oh::listed(c), id), "/download_url");
  if (!url) stop_blocked("the file is listed with its download_url", "it is not");
  const auto get = [&] {
    Request request;
    request.method = "GET";
    request.url = *url;
    auto seen = c.exchange_anonymously(std::move(request));
    if (!seen.response) stop_unanswered("GET of a file", seen);
    return std::move(*seen.response);
  };
  taken(get(), "downloads of a file that is there");
  const auto deleted = oh::erase(c, by_id(id));
  if (!oh::ids_in(deleted)) stop_blocked("delete/ by file_id: 200", oh::tell_problem(deleted));
  const auto after = get();
  return expect(status_in(after, {403, 404, 410}), "download_url of a deleted file: 403 or 404",
                after);
}

Outcome complete_does_not_undelete(Context& c) {
  const auto file = oh::begin(c);
  oh::store(c, file, "bytes");
  if (!oh::size_in(oh::complete(c, file.id))) stop_blocked("complete/ after PUT: 200", "it is not");
  const auto deleted = oh::erase(c, by_id(file.id));
  if (oh::ids_in(deleted) != Ids{file.id}) {
    stop_blocked("delete/ by file_id takes the file away", tell_deletion(deleted));
  }
  Findings findings{"complete/ does not bring a deleted file back: 4xx"};
  const auto response = oh::complete(c, file.id);
  findings.check(is_4xx(response), oh::tell_completion(response));
  check_listed(findings, c, "it", file.id, false);
  return findings.outcome();
}

Outcome incomplete_file_is_not_deleted(Context& c) {
  const auto file = oh::begin(c);
  Findings findings{"a file that is not complete is not deleted: 200, no ids; it can be completed"};
  const auto response = oh::erase(c, by_id(file.id));
  findings.check(oh::ids_in(response) == Ids{}, "delete/: " + tell_deletion(response));
  const auto stored = oh::put(c, file.url, letters(7));
  findings.check(is_2xx(stored), "PUT: " + code(stored));
  const auto completed = oh::complete(c, file.id);
  findings.check(oh::size_in(completed) == 7, "complete/: " + oh::tell_completion(completed));
  return findings.outcome();
}

// ---- listings ----------------------------------------------------------------------------------

/// What is missing of `names`: "count, next"; empty when all are there.
std::string missing_in(const Json& object, std::initializer_list<const char*> names) {
  std::string missing;
  for (const char* name : names) {
    if (!object.is_object() || !object.contains(name)) {
      missing += (missing.empty() ? "" : ", ") + std::string{name};
    }
  }
  return missing;
}

Findings& check_members(Findings& findings, const std::string& label, const Json& object,
                        std::initializer_list<const char*> names) {
  const auto missing = missing_in(object, names);
  return findings.check(missing.empty(),
                        label + (missing.empty() ? ": all members" : " without " + missing));
}

Outcome exchange_member_lists_files(Context& c) {
  const auto id = oh::upload(c, oh::new_name(c), "bytes");
  const auto response = c.get(oh::target(c).exchange_member_url + "?" +
                              http::format_form({{"project_member_id", oh::target(c).member}}));
  const auto document = json_of(response);
  Findings findings{"exchange-member/: 200, and the member's files with all that is said of them"};
  findings.check(response.status == 200, code(response));
  check_members(
      findings, "the listing", document,
      {"count", "next", "previous", "created", "project_member_id", "sources_shared", "data"});
  const auto of_whom = text_at(document, "/project_member_id");
  findings.check(of_whom == oh::target(c).member,
                 of_whom == oh::target(c).member ? "of the member" : "of somebody else");
  if (response.status != 200) return findings.outcome();
  const auto file = oh::file_in(oh::listed(c), id);
  check_members(findings, "the file", file,
                {"id", "basename", "created", "datatypes", "download_url", "metadata", "source",
                 "source_project"});
  return findings.outcome();
}

Outcome members_lists_the_members(Context& c) {
  const auto response = c.get(oh::target(c).members_url);
  const auto document = json_of(response);
  Findings findings{"members/: 200, and the members of the project"};
  findings.check(response.status == 200, code(response));
  check_members(findings, "the listing", document, {"count", "next", "previous", "results"});
  const auto* const results = value_at(document, "/results");
  if (!results || !results->is_array() || results->empty()) {
    return findings.check(false, "no results").outcome();
  }
  check_members(findings, "a member", results->front(),
                {"project_member_id", "file_count", "exchange_member", "sources_shared", "data"});
  return findings.outcome();
}

Outcome download_url_gives_the_bytes(Context& c) {
  const auto bytes = c.random_bytes(70'000);
  const auto id = oh::upload(c, oh::new_name(c), bytes);
  const auto got = oh::download(c, id, bytes.size());
  Findings findings{"download_url: 200 and the bytes of the file"};
  findings.check(got.status == 200, code(got));
  findings.check(got.body == bytes, got.body == bytes ? "its bytes" : "other bytes");
  return findings.outcome();
}

Outcome listed_metadata_is_that_sent(Context& c) {
  const std::string metadata =
      R"({"tags": ["survey", "diet", "csv", "\u00fc"], "description": "Diet survey", )"
      R"("creation_date": "2018-05-27T12:22:27+02:00"})";
  const auto response =
      oh::upload(c, oh::file_fields(c, metadata), oh::file_part(oh::new_name(c)), "bytes");
  const auto id = oh::id_in(response);
  if (!id) stop_blocked("upload/ stores a file: 201 {id}", oh::tell_problem(response));
  const auto file = oh::file_in(oh::listed(c), *id);
  if (file.is_null()) stop_blocked("the file is listed", "it is not");
  const auto sent = json_of(metadata);
  Findings findings{"metadata are listed as they were sent"};
  for (const auto& [key, value] : sent.items()) {
    const auto* const seen = value_at(file, "/metadata/" + key);
    findings.check(seen && *seen == value, key + (!seen            ? " is missing"
                                                  : *seen == value ? " is the same"
                                                                   : " is another"));
  }
  return findings.outcome();
}

Outcome incomplete_file_vanishes_in_time(Context& c) {
  const auto file = oh::begin(c);
  oh::store(c, file, "bytes");
  oh::outlive(c, file);
  Findings findings{"what was not completed in the time of its URL vanishes: complete/ 4xx"};
  const auto completed = oh::complete(c, file.id);
  findings.check(is_4xx(completed), "complete/: " + oh::tell_completion(completed));
  check_listed(findings, c, "it", file.id, false);
  return findings.outcome();
}

}  // namespace

std::vector<Check> openhumans_files() {
  return {
      {"OH-FILES-001", delete_by_file_id},
      {"OH-FILES-002", delete_by_basename_takes_exact_matches},
      {"OH-FILES-003", delete_all_is_one_members},
      {"OH-FILES-004", delete_of_nothing_is_200},
      {"OH-FILES-005", other_members_file_stays},
      {"OH-FILES-006", delete_without_selector_is_400},
      {"OH-FILES-007", delete_by_two_selectors_is_400},
      {"OH-FILES-008", false_all_files_is_absent},
      {"OH-FILES-009", deleted_file_cannot_be_had},
      {"OH-FILES-010", complete_does_not_undelete},
      {"OH-FILES-011", incomplete_file_is_not_deleted},
      {"OH-FILES-012", exchange_member_lists_files},
      {"OH-FILES-013", members_lists_the_members},
      {"OH-FILES-014", download_url_gives_the_bytes},
      {"OH-FILES-015", listed_metadata_is_that_sent},
      {"OH-FILES-016", incomplete_file_vanishes_in_time},
  };
}

}  // namespace conformance::suites
