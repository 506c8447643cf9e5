// What /info shows of deliveries (area dex-delivery).
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "dex/vocabulary.hpp"
#include "protocol/dex/guide.hpp"

namespace conformance::suites {
namespace {

/// "edav: SUCCESS"
std::string told(const Json& entry) {
  const auto name = text_at(entry, "/name");
  return (name ? *name : "(no name)") + ": " + status_of(entry);
}

std::vector<Json> deliveries_of(Context& c, const std::string& upload) {
  return entries_of(await_deliveries(c, upload));
}

/// Entries of attempts that did not succeed. Ends the check as skipped where all succeed, as no
/// request makes a delivery fail.
std::vector<Json> failures_of(Context& c, const std::string& upload) {
  auto entries = deliveries_of(c, upload);
  std::erase_if(entries, delivered);
  if (entries.empty()) {
    throw Stop{not_offered("no delivery of this target fails, and no request makes one fail")};
  }
  return entries;
}

/// The entries that came in time; none when none did.
std::vector<Json> entries_in_time(Context& c) {
  needs_delivery_targets(c);
  const auto upload = create_complete(c, letters(10));
  return entries_of(await_info(c, upload, delivery_deadline,
                               [](const SeenInfo& seen) { return !entries_of(seen).empty(); }));
}

Outcome delivered_target_says_success(Context& c) {
  Findings findings{"a complete upload is delivered within 15 s and its target shows '" +
                    success_word(c) +
                    "' (the manifest's stream must have a routing group: --manifest)"};
  const auto entries = entries_in_time(c);
  if (entries.empty()) findings.check(false, "no entry in deliveries");
  for (const auto& entry : entries) {
    findings.check(status_of(entry) == success_word(c), told(entry));
  }
  return findings.outcome();
}

Outcome failed_delivery_says_failure(Context& c) {
  Findings findings{"a target that could not be delivered to shows status '" + failure_word(c) +
                    "'"};
  for (const auto& entry : failures_of(c, create_complete(c, letters(10)))) {
    findings.check(status_of(entry) == failure_word(c), told(entry));
  }
  return findings.outcome();
}

/// By the guide, which gives a failed delivery neither place nor time.
Outcome deliv_003_by_guide(Context& c) {
  Findings findings{
      "an entry is {Status, Name, Location, Delivered_At, Issues}, without the place and the time "
      "where it failed"};
  for (const auto& entry : raw_entries_of(await_deliveries(c, visible_upload(c)))) {
    auto expected = entry;
    for (const auto& member : {"Location", "Delivered_At"}) expected.erase(member);
    const auto rest = members_of(expected);
    findings.check(rest == "{Issues, Name, Status}", rest);
    const bool whole = entry.contains("Location") && entry.contains("Delivered_At");
    const auto status = text_at(entry, "/Status").value_or("");
    findings.check(whole || status != success_word(c), whole ? "whole" : status + ", not whole");
  }
  return findings.outcome();
}

Outcome delivery_entry_has_five_members(Context& c) {
  if (by_guide(c)) return deliv_003_by_guide(c);
  Findings findings{"an entry is {status, name, location, delivered_at, issues}"};
  for (const auto& entry : raw_entries_of(await_deliveries(c, visible_upload(c)))) {
    const auto members = members_of(entry);
    findings.check(members == "{delivered_at, issues, location, name, status}", members);
    for (const char* member : {"status", "name", "location", "delivered_at"}) {
      const bool text = text_at(entry, std::string{"/"} + member).has_value();
      findings.check(text, std::string{member} + (text ? ": a text" : ": no text"));
    }
    const auto time = utc_time(text_at(entry, "/delivered_at"));
    findings.check(time.has_value(), time ? "a time in UTC" : "delivered_at is no time in UTC");
  }
  return findings.outcome();
}

Outcome issues_null_or_error_list(Context& c) {
  Findings findings{"issues is null on success, else [{level: 'ERROR', message}]"};
  for (const auto& entry : deliveries_of(c, create_complete(c, letters(10)))) {
    const auto* issues = value_at(entry, "/issues");
    if (delivered(entry)) {
      findings.check(issues && issues->is_null(),
                     told(entry) + ", issues " + (issues ? issues->dump() : "missing"));
      continue;
    }
    bool good = issues && issues->is_array() && !issues->empty();
    // The guide says no more of it than "failure messaging".
    for (const auto& issue : good && !by_guide(c) ? *issues : Json::array()) {
      good = good && text_at(issue, "/level") == "ERROR" && text_at(issue, "/message") &&
             issue.size() == 2;
    }
    findings.check(
        good, told(entry) + (good ? ", issues as they should be" : ", issues of another shape"));
  }
  return findings.outcome();
}

Outcome failed_delivery_has_time_not_place(Context& c) {
  if (by_guide(c)) {
    Findings findings{"a failed delivery has neither location nor delivered_at"};
    for (const auto& entry : failures_of(c, visible_upload(c))) {
      for (const char* member : {"/location", "/delivered_at"}) {
        const auto* value = value_at(entry, member);
        findings.check(!value || value->is_null(),
                       told(entry) + ", " + (member + 1) + ": " + (value ? value->dump() : "none"));
      }
    }
    return findings.outcome();
  }
  Findings findings{"on failure location is '' and delivered_at a time all the same"};
  for (const auto& entry : failures_of(c, create_complete(c, letters(10)))) {
    const auto location = text_at(entry, "/location");
    findings.check(location == "",
                   told(entry) + ", location '" + location.value_or("(missing)") + "'");
    findings.check(utc_time(text_at(entry, "/delivered_at")).has_value(), "delivered_at");
  }
  return findings.outcome();
}

Outcome one_delivery_for_each_target(Context& c) {
  const auto upload = create_complete(c, letters(10));
  static_cast<void>(await_deliveries(c, upload));
  let_the_second_pass(c);  // for targets that take longer, and for deliveries that come twice
  Findings findings{"each target of the routing group is named and delivered to once"};
  std::set<std::string> names;
  for (const auto& entry : entries_of(see_info(c, upload))) {
    const auto name = text_at(entry, "/name").value_or("");
    findings.check(!name.empty(), told(entry));
    if (delivered(entry)) {
      const bool first = names.insert(name).second;
      findings.check(first, name + (first ? ": once" : ": once more"));
    }
  }
  return findings.outcome();
}

Outcome failed_delivery_is_tried_again(Context& c) {
  constexpr std::size_t attempts = 4;  // 1 + EVENT_MAX_RETRY_COUNT
  const auto upload = create_complete(c, letters(10));
  const auto name = text_at(failures_of(c, upload).front(), "/name").value_or("");
  const auto count = [&](const SeenInfo& info) {
    const auto entries = entries_of(info);
    return static_cast<std::size_t>(std::count_if(
        entries.begin(), entries.end(),
        [&](const Json& entry) { return !delivered(entry) && text_at(entry, "/name") == name; }));
  };
  if (by_guide(c)) {
    // By the guide, a server makes further attempts at once.
    const auto last = await_info(c, upload, status_deadline,
                                 [&](const SeenInfo& seen) { return count(seen) > 1; });
    Findings findings{"one delivery per target, however often it was tried"};
    return findings.check(count(last) == 1, name + ": " + std::to_string(count(last)) + " entries")
        .outcome();
  }
  const auto info = await_info(c, upload, delivery_deadline,
                               [&](const SeenInfo& seen) { return count(seen) >= attempts; });
  Findings findings{"a failing delivery is retried three times, and each attempt adds an entry"};
  return findings
      .check(count(info) == attempts, name + ": " + std::to_string(count(info)) + " entries")
      .outcome();
}

Outcome no_routing_group_no_delivery(Context& c) {
  const bool has_targets = !delivery_targets(c).empty();
  const auto upload = create(c);
  const auto patched = patch(c, upload, Bytes{0}, letters(10));
  const auto complete = [](const SeenInfo& seen) {
    return seen.status() == dex::upload_state::complete;
  };
  const auto info = await_info(c, upload, status_deadline, [&](const SeenInfo& seen) {
    return complete(seen) && (!has_targets || !entries_of(seen).empty());
  });
  if (has_targets && !entries_of(info).empty()) {
    return not_offered("the manifest's stream has a routing group");
  }
  const auto* deliveries = value_at(info.json, "/deliveries");
  Findings findings{"without a routing group the upload succeeds and nothing is delivered"};
  findings.check(patched.status == 204, "PATCH: " + code(patched));
  findings.check(complete(info), info.summary());
  findings.check(deliveries && deliveries->is_null(),
                 "deliveries: " + (deliveries ? deliveries->dump() : "missing"));
  return findings.outcome();
}

/// The locations of the deliveries of an upload whose manifest has these file names.
std::vector<std::string> locations_with(Context& c, const Changes& names) {
  const auto upload = url_of(c, post_manifest(c, manifest_with(c, names)));
  if (const auto patched = patch(c, upload, Bytes{0}, letters(10)); !is_2xx(patched)) {
    stop_blocked("PATCH stores the bytes: 204", describe(patched));
  }
  std::vector<std::string> locations;
  for (const auto& entry : deliveries_of(c, upload)) {
    if (delivered(entry)) locations.push_back(text_at(entry, "/location").value_or(""));
  }
  if (locations.empty()) throw Stop{not_offered("no delivery of this target succeeds")};
  return locations;
}

Outcome location_follows_path_template(Context& c) {
  Findings findings{"the path is rendered whole, and the file name's extension stands at its end"};
  for (const auto& location : locations_with(c, {{"received_filename", "report.v2.csv"}})) {
    const auto path = location.substr(0, location.find('?'));
    const bool right = path.ends_with(".csv") && !path.ends_with("..csv") &&
                       !path.ends_with(".csv.csv") && path.find("{{") == std::string::npos;
    findings.check(right, right ? "ends in one '.csv'" : path);
  }
  return findings.outcome();
}

Outcome file_name_keys_have_precedence(Context& c) {
  const auto locations =
      locations_with(c, {{"filename", "the-first.txt"}, {"received_filename", "the-last.txt"}});
  const auto any = [&](const char* name) {
    return std::any_of(locations.begin(), locations.end(), [name](const std::string& location) {
      return location.find(name) != std::string::npos;
    });
  };
  if (!any("the-first") && !any("the-last")) {
    return not_offered("no path template of this target holds the file name");
  }
  Findings findings{"filename goes before received_filename"};
  return findings
      .check(any("the-first") && !any("the-last"),
             any("the-last") ? "named by received_filename" : "named by filename")
      .outcome();
}

Outcome delivery_of_a_final_upload(Context& c) {
  std::string parts = "final;";
  for (const char* body : {"abc", "defg"}) {
    parts += (parts.back() == ';' ? "" : " ") + create_complete(c, body, {.concat = "partial"});
  }
  needs_delivery_targets(c);
  const auto joined = post(c, {.length = std::nullopt, .concat = parts});
  const auto upload = url_of(c, joined);
  const auto info = await_info(c, upload, status_deadline,
                               [](const SeenInfo& seen) { return !entries_of(seen).empty(); });
  std::set<std::string> seen;
  for (const auto& entry : entries_of(info)) seen.insert(status_of(entry));
  std::string text = seen.empty() ? "nothing" : "";
  for (const auto& status : seen) text += (text.empty() ? "" : " and ") + status;
  return observed("a final upload's deliveries show " + text);
}

using Places = std::set<std::string>;

/// The locations that /info tells for the deliveries of an upload that succeeded.
Places places_of(Context& c, const std::string& upload) {
  Places places;
  for (const auto& entry : entries_of(await_deliveries(c, upload))) {
    const auto location = text_at(entry, "/location");
    if (delivered(entry) && location) places.insert(*location);
  }
  return places;
}

/// The file below `folder` that `location` names on the server: the longest end of its path that is
/// a file there.
std::optional<std::filesystem::path> file_at(const std::filesystem::path& folder,
                                             const std::string& location) {
  const std::filesystem::path told(location.substr(0, location.find('?')));
  for (auto from = told.begin(); from != told.end(); ++from) {
    auto file = folder;
    for (auto part = from; part != told.end(); ++part) {
      if (*part == "..") return std::nullopt;
      if (!part->has_root_directory()) file /= *part;
    }
    std::error_code ignored;
    if (std::filesystem::is_regular_file(file, ignored)) return file;
  }
  return std::nullopt;
}

/// As delivered_equals, which finds a copy by the id in its path. Where no location has the id, the
/// copy is looked for at the locations.
std::optional<bool> copy_equals(Context& c, const std::string& upload, const Places& places,
                                const std::string& bytes) {
  const auto id = upload_id_of(upload);
  const bool by_id = std::any_of(places.begin(), places.end(), [&](const std::string& place) {
    return place.find(id) != std::string::npos;
  });
  const auto& folder = dex_target(c).delivered_dir;
  if (by_id || folder.empty()) return delivered_equals(c, upload, bytes);
  std::optional<bool> equal;
  c.eventually(c.patience(), [&] {
    for (const auto& place : places) {
      const auto file = file_at(folder, place);
      if (!file) continue;
      std::ifstream in(*file, std::ios::binary);
      equal = std::string((std::istreambuf_iterator<char>(in)), {}) == bytes;
      if (*equal) break;
    }
    return !equal || *equal;  // it may still be being written
  });
  return equal;
}

bool share_one(const Places& some, const Places& others) {
  return std::any_of(some.begin(), some.end(),
                     [&](const std::string& place) { return others.contains(place); });
}

/// For two uploads of one file name that were delivered to one of `places`. A path template without
/// the upload's id, such as CDC's default one, does so. Then uploads of another name have to be
/// elsewhere, and further ones of this name at the same place. What of this is not so.
std::optional<std::string> misplaced(Context& c, const Places& places) {
  const auto named = manifest_with(c, {{"filename", "dex-harness-another-name.txt"}});
  const auto created = post_manifest(c, named);
  if (created.status == 201) {
    const auto other = url_of(c, created);
    taken(patch(c, other, Bytes{0}, letters(10)), "the bytes of an upload of another name");
    if (share_one(places, places_of(c, other))) {
      return "two uploads of different file names are told to be at one location";
    }
  }
  // Two pairs, as the hour in a path may change between two uploads.
  constexpr int pairs = 2;
  auto last = places_of(c, create_complete(c, letters(10)));
  for (int i = 0; i < pairs; ++i) {
    auto next = places_of(c, create_complete(c, letters(10)));
    if (share_one(last, next)) return std::nullopt;
    last = std::move(next);
  }
  return "of some uploads of one file name only two are told to be at one location";
}

Outcome delivered_bytes_are_those_sent(Context& c) {
  const std::string rule = "the delivered bytes are the uploaded ones";
  const auto bytes = c.random_bytes(100'000);
  const auto next_bytes = c.random_bytes(70'000);
  const auto upload = create_complete(c, bytes);
  const auto places = places_of(c, upload);
  if (copy_equals(c, upload, places, bytes) == false) return broken(rule, "other bytes");
  // The next one has the same file name. Where paths tell the two apart, neither may be lost.
  const auto next = create_complete(c, next_bytes);
  const auto next_places = places_of(c, next);
  const bool share = share_one(places, next_places);
  const auto same = copy_equals(c, next, next_places, next_bytes);
  if (same == false) return broken(rule, "other bytes in the next file of that name");
  if (share) {
    if (const auto why = misplaced(c, places)) {
      return broken("each upload is delivered to where its path template says", *why);
    }
  } else if (copy_equals(c, upload, places, bytes) == false) {
    return broken(rule, "other bytes, those of the next file of that name");
  }
  if (!same) return not_offered("the delivered copy cannot be read from here (--delivered-dir)");
  return holds(std::string{"the same 100000 bytes"} +
               (share ? "; the next upload of that name takes their place" : ""));
}

Outcome delivery_appears_within_seconds(Context& c) {
  const bool appeared = !entries_in_time(c).empty();
  Findings findings{"a delivery appears within 15 s"};
  return findings.check(appeared, appeared ? "it appeared" : "none appeared").outcome();
}

Outcome last_patch_waits_for_no_delivery(Context& c) {
  const auto upload = create(c);
  const auto patched = patch(c, upload, Bytes{0}, letters(10));
  Findings findings{"the last PATCH is 204 whatever becomes of the delivery"};
  findings.check(patched.status == 204, "PATCH: " + code(patched));
  for (const auto& entry : deliveries_of(c, upload)) findings.note(told(entry));
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_delivery() {
  return {
      {"DEX-DELIV-001", delivered_target_says_success, ext::creation},
      {"DEX-DELIV-002", failed_delivery_says_failure, ext::creation},
      {"DEX-DELIV-003", delivery_entry_has_five_members, ext::creation},
      {"DEX-DELIV-004", issues_null_or_error_list, ext::creation},
      {"DEX-DELIV-005", failed_delivery_has_time_not_place, ext::creation},
      {"DEX-DELIV-006", one_delivery_for_each_target, ext::creation},
      {"DEX-DELIV-007", failed_delivery_is_tried_again, ext::creation},
      {"DEX-DELIV-008", no_routing_group_no_delivery, ext::creation},
      {"DEX-DELIV-009", location_follows_path_template, ext::creation},
      {"DEX-DELIV-011", file_name_keys_have_precedence, ext::creation},
      {"DEX-DELIV-012", delivery_of_a_final_upload, ext::concatenation},
      {"DEX-DELIV-013", delivered_bytes_are_those_sent, ext::creation},
      {"DEX-DELIV-014", delivery_appears_within_seconds, ext::creation},
      {"DEX-DELIV-015", last_patch_waits_for_no_delivery, ext::creation},
  };
}

}  // namespace conformance::suites
