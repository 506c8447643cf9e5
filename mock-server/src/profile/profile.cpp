#include "profile/profile.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>

#include "files/input.hpp"
#include "http/head.hpp"
#include "misbehave/load.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/nearest.hpp"
#include "system/profile_reading.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

using json::Cursor;
using misbehave::Misbehaviour;
using profiles::names_of;
using profiles::one_of;
using profiles::size_of;
using profiles::text_of;

std::vector<std::string_view> defect_names() {
  std::vector<std::string_view> names;
  for (const auto& file : misbehave::defect_files()) names.push_back(file.stem());
  return names;
}

/// True for the second of two choices.
bool is_second(const Cursor& at, std::string_view first, std::string_view second) {
  return one_of(at, std::array{first, second}, "choice") == second;
}

HttpRefusal http_words_of(const Cursor& at) {
  at.only({"status", "reason", "body", "framed"});
  HttpRefusal words;
  const auto& status = at.at("status");
  words.status = static_cast<int>(std::min<std::uint64_t>(status.unsigned_integer(), 600));
  if (words.status < 400 || words.status > 599) status.fail("must be from 400 to 599");
  if (auto reason = at.find("reason")) words.reason = text_of(*reason);
  if (auto body = at.find("body")) words.body = body->string();
  if (auto framed = at.find("framed")) words.framed = framed->boolean();
  return words;
}

/// What one of its listeners refuses besides.
void take_strictness(const Cursor& at, HttpOptions& http) {
  constexpr std::array<std::string_view, 4> known{"odd_host", "odd_percent", "empty_line",
                                                  "long_length"};
  for (const auto& name : names_of(at, known, "strictness")) {
    if (name == "odd_host") http.refuses_odd_hosts = true;
    if (name == "odd_percent") http.refuses_odd_percents = true;
    if (name == "empty_line") http.refuses_empty_lines = true;
    if (name == "long_length") http.refuses_long_lengths = true;
  }
}

HttpOptions http_of(const Cursor& at) {
  at.only({"chunked_and_length", "length_twice", "ids", "unclean_paths", "asterisk", "drain",
           "continue", "cut_off", "forwarded", "refuses", "chunk_lines", "header_bytes",
           "target_bytes", "header_lines", "refusals"});
  HttpOptions http;
  if (auto value = at.find("chunked_and_length"); value && is_second(*value, "refuse", "take"))
    http.chunked_and_length = HttpOptions::ChunkedAndLength::take;
  if (auto value = at.find("length_twice"))
    http.takes_lengths_twice = is_second(*value, "refuse", "take");
  if (auto value = at.find("ids")) http.ids_hold_slashes = is_second(*value, "segment", "rest");
  if (auto value = at.find("unclean_paths"))
    http.redirects_unclean_paths = is_second(*value, "serve", "redirect");
  if (auto value = at.find("asterisk")) http.answers_asterisk = is_second(*value, "none", "answer");
  if (auto value = at.find("continue"))
    http.continues_always = is_second(*value, "needed", "always");
  if (auto value = at.find("cut_off"))
    http.announces_cut_off = !is_second(*value, "announce", "silent");
  if (auto value = at.find("forwarded"))
    http.forwarded_verbatim = is_second(*value, "first", "verbatim");
  if (auto value = at.find("chunk_lines"))
    http.reads_short_chunk_lines = is_second(*value, "any", "short");
  if (auto value = at.find("refuses")) take_strictness(*value, http);
  if (auto value = at.find("drain")) http.drain_bytes = size_of(*value);
  if (auto value = at.find("header_bytes")) http.header_bytes = size_of(*value);
  if (auto value = at.find("target_bytes")) http.target_bytes = size_of(*value);
  if (auto value = at.find("header_lines"))
    http.header_lines = static_cast<std::size_t>(value->unsigned_integer());
  if (auto refusals = at.find("refusals")) {
    for (const auto& [kind, words] : refusals->members()) {
      if (std::ranges::count(bad_http::all, kind) == 0) {
        words.fail("there is no refusal '" + kind + "'; the nearest are " +
                   nearest_names(kind, {bad_http::all.begin(), bad_http::all.end()}));
      }
      http.refusals.emplace(kind, http_words_of(words));
    }
  }
  return http;
}

std::vector<misbehave::Rule> rules_of(const Cursor& at, const std::string& name,
                                      const std::string& document) {
  // Read by the room that knows rules, in a document in which they have the same path as here.
  const nlohmann::json story{{"name", name}, {"rules", at.raw()}};
  auto loaded = misbehave::load_text(story.dump(), document);
  if (!loaded) throw json::DecodeError{loaded.error()};
  return std::move(loaded->rules);
}

/// At least one, all different.
std::vector<std::string> texts_of(const Cursor& at) {
  std::vector<std::string> texts;
  for (const auto& item : at.items()) {
    auto text = text_of(item);
    if (std::ranges::count(texts, text)) item.fail("'" + text + "' is listed twice");
    texts.push_back(std::move(text));
  }
  if (texts.empty()) at.fail("must not be empty");
  return texts;
}

Profile::NotReproduced not_reproduced_of(const Cursor& at) {
  auto reason = text_of(at.at("reason"));
  if (const auto requests = at.find("requests")) {
    at.only({"requests", "in", "reason"});
    return {"", texts_of(*requests), texts_of(at.at("in")), std::move(reason)};
  }
  at.only({"requirement", "reason"});
  return {text_of(at.at("requirement")), {}, {}, std::move(reason)};
}

/// One, or a list of them.
std::vector<std::string> systems_of(const Cursor& at) {
  std::vector<std::string_view> known;
  for (const auto& system : registered_systems()) known.push_back(system.name);
  const auto name_of = [&](const Cursor& one) { return std::string(one_of(one, known, "system")); };
  if (!at.is_array()) return {name_of(at)};
  std::vector<std::string> names;
  for (const auto& one : at.items()) names.push_back(name_of(one));
  if (names.empty()) at.fail("names no system");
  return names;
}

Profile profile_of(const Cursor& root, const std::string& document) {
  std::vector<std::string_view> known{"$schema", "name",    "description", "system",
                                      "http",    "defects", "rules",       "not_reproduced"};
  for (const auto& system : registered_systems()) {
    if (system.read_profile != nullptr) known.push_back(system.name);
  }
  root.only(known);
  Profile profile;
  profile.name = text_of(root.at("name"));
  profile.description = text_of(root.at("description"));
  profile.systems = systems_of(root.at("system"));
  for (const auto& system : registered_systems()) {
    if (system.read_profile == nullptr) continue;
    if (auto own = root.find(system.name)) system.read_profile(*own, profile.offered);
  }
  if (auto http = root.find("http")) profile.http = http_of(*http);
  if (auto defects = root.find("defects")) {
    profile.defects = names_of(*defects, defect_names(), "defect");
  }
  if (auto rules = root.find("rules")) profile.rules = rules_of(*rules, profile.name, document);
  if (auto rows = root.find("not_reproduced")) {
    for (const auto& item : rows->items()) {
      auto row = not_reproduced_of(item);
      if (!row.requirement.empty() && std::ranges::count(profile.not_reproduced, row.requirement,
                                                         &Profile::NotReproduced::requirement)) {
        item.fail("'" + row.requirement + "' is listed twice");
      }
      profile.not_reproduced.push_back(std::move(row));
    }
  }
  return profile;
}

Result<Profile> checked(Result<Profile> profile, const std::string& document) {
  if (!profile) return profile;
  // Rules that get into each other's way are found here, not by whoever starts the server.
  const auto all = misbehaviours_of(*profile, {});
  std::vector<const misbehave::Rule*> rules;
  for (const auto& one : all) {
    for (const auto& rule : one.rules) rules.push_back(&rule);
  }
  if (auto fit = misbehave::fit_together(rules); !fit) {
    auto error = fit.error();
    error.where = document + ": " + error.where;
    return tl::unexpected(std::move(error));
  }
  return profile;
}

/// A profile that comes with the program.
Result<Profile> built_in(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& file : profile_files()) {
    if (file.stem() == name) return load_profile_text(file.text, std::string(name));
    known.push_back(file.stem());
  }
  return failure("--profile", "there is no profile '" + std::string(name) + "'",
                 "the nearest are " + nearest_names(name, known) +
                     "; a file of your own ends in .json or has a '/' in its path");
}

/// "dex,openhumans": the systems of all of them, with the HTTP layer of the first.
Result<Profile> side_by_side(const std::string& names) {
  std::optional<Profile> all;
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    end = names.find(',', at);
    auto next = built_in(std::string_view(names).substr(at, end - at));
    if (!next) return next;
    if (!all) {
      all = *std::move(next);
      continue;
    }
    for (auto& system : next->systems) {
      if (std::ranges::count(all->systems, system) > 0) {
        return failure("--profile", "two of '" + names + "' are the system " + system,
                       "name profiles of different systems");
      }
      all->systems.push_back(std::move(system));
    }
    all->description += " " + next->description;
    all->offered.add(next->offered);
    all->defects.insert(all->defects.end(), next->defects.begin(), next->defects.end());
    std::ranges::move(next->rules, std::back_inserter(all->rules));
    std::ranges::move(next->not_reproduced, std::back_inserter(all->not_reproduced));
  }
  all->name = names;
  return *std::move(all);
}

}  // namespace

bool names_profile_file(std::string_view name) {
  return name.find('/') != std::string_view::npos || name.ends_with(".json");
}

Result<Profile> load_profile_text(std::string_view text, const std::string& document) {
  return checked(
      json::decode(text, document, [&](const Cursor& root) { return profile_of(root, document); }),
      document);
}

Result<Profile> load_profile(const std::string& name_or_file) {
  if (names_profile_file(name_or_file)) {
    const auto text = read_input(name_or_file);
    if (!text) return tl::unexpected(text.error());
    return load_profile_text(*text, name_or_file);
  }
  return name_or_file.find(',') == std::string::npos ? built_in(name_or_file)
                                                     : side_by_side(name_or_file);
}

std::vector<Profile> list_profiles() {
  std::vector<Profile> all;
  for (const auto& file : profile_files()) {
    auto loaded = load_profile_text(file.text, std::string(file.stem()));
    // They are part of this program and a test loads every one.
    if (!loaded) throw std::logic_error(loaded.error().line());
    all.push_back(*std::move(loaded));
  }
  return all;
}

std::vector<Misbehaviour> misbehaviours_of(const Profile& profile,
                                           const std::vector<std::string>& already) {
  std::vector<Misbehaviour> all;
  if (!profile.rules.empty()) {
    Misbehaviour own;
    own.name = profile.name;
    own.description = profile.description;
    own.rules = profile.rules;
    all.push_back(std::move(own));
  }
  for (const auto& name : profile.defects) {
    if (std::ranges::count(already, name)) continue;
    auto defect = misbehave::load_named(misbehave::Named::defect, name);
    if (!defect) throw std::logic_error(defect.error().line());  // names were checked when loaded
    all.push_back(*std::move(defect));
  }
  return all;
}

}  // namespace mock
