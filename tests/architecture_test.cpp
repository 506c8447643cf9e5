// Checks the structure that docs/architecture.md describes against what the sources include and
// CMake links. Known exceptions are in architecture.json with their reasons; that list may only
// shrink.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

const fs::path root{DEX_SOURCE};

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(in) << file;
  return text.str();
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

// ---- what CMake says

struct Library {
  std::string folder;  ///< relative to the project
  std::vector<std::string> sources;
  Names linked;
  Names passed_on;  ///< also linked by whoever links this library
};

std::map<std::string, Library> read_libraries() {
  std::map<std::string, Library> libraries;
  for (const auto& line : split(text_of(DEX_ARROWS), '\n')) {
    auto fields = split(line, '|');
    fields.resize(5);
    Library library{fields[1], split(fields[2], ','), {}, {}};
    for (auto& name : split(fields[3], ',')) library.linked.insert(std::move(name));
    for (auto& name : split(fields[4], ',')) {
      if (name.starts_with("$<")) continue;  // LINK_ONLY: its users may not include it
      library.linked.insert(name);
      library.passed_on.insert(std::move(name));
    }
    libraries.emplace(fields[0], std::move(library));
  }
  return libraries;
}

const std::map<std::string, Library>& libraries() {
  static const auto all = read_libraries();
  return all;
}

/// What the sources of `name` may include.
Names reach(const std::string& name) {
  Names reached{name};
  std::vector<std::string> open(libraries().at(name).linked.begin(),
                                libraries().at(name).linked.end());
  while (!open.empty()) {
    const auto next = std::move(open.back());
    open.pop_back();
    if (!reached.insert(next).second) continue;
    const auto found = libraries().find(next);
    if (found == libraries().end()) continue;  // not ours
    open.insert(open.end(), found->second.passed_on.begin(), found->second.passed_on.end());
  }
  return reached;
}

/// The libraries of the nearest folder above `file` that has any. Paths are relative to the
/// project.
Names owners(const fs::path& file) {
  for (auto folder = file.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    Names names;
    for (const auto& [name, library] : libraries()) {
      if (library.folder == folder.string()) names.insert(name);
    }
    if (!names.empty()) return names;
  }
  return {};
}

// ---- what the sources say

const std::vector<std::string> include_roots{
    "libs",        "mock-server/src",     "conformance/src",
    "conformance", "conformance/systems", "loadgen/src"};

std::optional<fs::path> resolve(const fs::path& from, const std::string& included) {
  std::vector<fs::path> places{from.parent_path() / included};
  for (const auto& below : include_roots) {
    // A tool includes nothing of another tool.
    const auto tool = *fs::path(below).begin();
    if (tool == "libs" || tool == *from.begin()) places.push_back(fs::path(below) / included);
  }
  for (const auto& place : places) {
    if (fs::is_regular_file(root / place)) return place.lexically_normal();
  }
  return std::nullopt;
}

std::vector<fs::path> included_by(const fs::path& file) {
  static const std::regex pattern("^#include \"([^\"]+)\"");
  std::vector<fs::path> all;
  for (const auto& line : split(text_of(root / file), '\n')) {
    std::smatch match;
    if (!std::regex_search(line, match, pattern)) continue;
    if (auto found = resolve(file, match[1])) all.push_back(*std::move(found));
  }
  return all;
}

/// The sources of libraries and the headers that they include, without tests.
const std::map<fs::path, std::vector<fs::path>>& production() {
  static const auto all = [] {
    std::map<fs::path, std::vector<fs::path>> files;
    std::vector<fs::path> open;
    for (const auto& [name, library] : libraries()) {
      if (library.folder == "libs/testkit" || library.folder == "tests") continue;
      for (const auto& source : library.sources) {
        if (fs::path(source).is_absolute()) continue;  // written by CMake
        auto place = fs::path(library.folder) / source;
        if (fs::is_regular_file(root / place)) open.push_back(std::move(place));
      }
    }
    while (!open.empty()) {
      const auto file = std::move(open.back());
      open.pop_back();
      if (files.contains(file)) continue;
      auto included = included_by(file);
      open.insert(open.end(), included.begin(), included.end());
      files.emplace(file, std::move(included));
    }
    return files;
  }();
  return all;
}

// ---- known exceptions

/// One list of architecture.json: each entry with its reason.
class Exceptions {
 public:
  explicit Exceptions(const std::string& list) {
    static const auto all = nlohmann::json::parse(text_of(root / "tests/architecture.json"));
    for (const auto& [entry, why] : all.at(list).items()) {
      EXPECT_GE(why.get<std::string>().size(), 10U) << list << ": " << entry << " has no reason";
      unused_.insert(entry);
    }
    known_ = unused_;
  }
  /// Whether `entry`, which was found in the sources, is listed. Notes that it is still needed.
  bool excuse(const std::string& entry) {
    unused_.erase(entry);
    return known_.contains(entry);
  }
  void expect_all_met() const {
    for (const auto& entry : unused_) {
      ADD_FAILURE() << "no longer needed in tests/architecture.json: " << entry;
    }
  }

 private:
  Names known_;
  Names unused_;
};

TEST(Architecture, WhatALibraryIncludesItLinks) {
  ASSERT_GT(production().size(), 300U);
  Exceptions exceptions("includes without a link");
  for (const auto& [file, included] : production()) {
    const auto mine = owners(file);
    Names reached;
    for (const auto& name : mine) reached.merge(reach(name));
    for (const auto& other : included) {
      const auto theirs = owners(other);
      if (std::ranges::any_of(theirs, [&](const auto& name) { return reached.contains(name); }))
        continue;
      const auto entry = *mine.begin() + " -> " + *theirs.begin();
      EXPECT_TRUE(exceptions.excuse(entry)) << entry << ": " << file << " includes " << other;
    }
  }
  exceptions.expect_all_met();
}

TEST(Architecture, NoRoomLooksBack) {
  std::map<std::string, Names> arrows;
  for (const auto& [file, included] : production()) {
    for (const auto& other : included) {
      const auto from = file.parent_path().string();
      const auto to = other.parent_path().string();
      if (from != to) arrows[from].insert(to);
    }
  }
  Exceptions exceptions("arrows back");
  // Leave out the known arrows, so that a circle through one of them does not hide another.
  for (auto& [from, all] : arrows) {
    std::erase_if(all, [&](const auto& to) {
      const auto entry = from + " -> " + to;
      return exceptions.excuse(entry);
    });
  }
  std::map<std::string, int> state;  // 1: on the path to this room, 2: done
  std::vector<std::string> way;
  std::function<void(const std::string&)> visit = [&](const std::string& room) {
    state[room] = 1;
    way.push_back(room);
    for (const auto& next : arrows[room]) {
      if (state[next] == 0) visit(next);
      if (state[next] != 1) continue;
      std::string circle;
      for (auto at = std::ranges::find(way, next); at != way.end(); ++at) circle += *at + " -> ";
      ADD_FAILURE() << "a circle between rooms: " << circle << next;
    }
    way.pop_back();
    state[room] = 2;
  };
  for (const auto& [room, all] : std::map(arrows)) {
    if (state[room] == 0) visit(room);
  }
  exceptions.expect_all_met();
}

/// The names of all systems, as an alternative in a regular expression. The mock's registration
/// names their folders; the client tools have a folder for each.
const std::string& systems() {
  static const auto all = [] {
    Names names;
    static const std::regex registration("^#include \"([a-z0-9_]+)/registration.hpp\"");
    for (const auto& line : split(text_of(root / "mock-server/src/systems/registered.cpp"), '\n')) {
      if (std::smatch match; std::regex_search(line, match, registration)) names.insert(match[1]);
    }
    for (const char* const tool : {"conformance/systems", "loadgen/src/systems"}) {
      for (const auto& entry : fs::directory_iterator(root / tool)) {
        if (entry.is_directory()) names.insert(entry.path().filename().string());
      }
    }
    EXPECT_TRUE(names.contains("tus") && names.contains("dex"));
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "(" : "|") + name;
    return text + ")";
  }();
  return all;
}

bool is_a_systems_own(const std::string& file) {
  static const std::regex own("(^|/)(systems|protocol|suites)/|^libs/client/" + systems() +
                              "/|^mock-server/src/" + systems() + "/");
  return std::regex_search(file, own);
}

TEST(Architecture, OnlySystemsNameASystem) {
  static const std::regex comment("//.*");
  static const std::regex name("\\b" + systems() + "::|\\bSystem::" + systems() +
                               "\\b|#include \"((protocol|client|systems)/)?" + systems() + "/");
  Exceptions exceptions("names of systems");
  for (const auto& [file, included] : production()) {
    if (is_a_systems_own(file.string())) continue;
    std::string met;
    for (const auto& line : split(text_of(root / file), '\n')) {
      const auto code = std::regex_replace(line, comment, "");
      if (std::regex_search(code, name)) met += "  " + line + "\n";
    }
    if (met.empty()) continue;
    EXPECT_TRUE(exceptions.excuse(file.string())) << file << " names a system:\n" << met;
  }
  exceptions.expect_all_met();
}

/// The function that judges a row has the name of the row, so that the code says what it checks.
TEST(Architecture, ACheckIsCalledAsItsRow) {
  std::map<std::string, std::string> names;
  for (const auto& file : fs::directory_iterator(root / "fixtures/requirements")) {
    if (file.path().filename() == "schema.json") continue;
    const auto area = nlohmann::json::parse(text_of(file.path()));
    for (const auto& row : area.at("requirements")) names.emplace(row.at("id"), row.at("name"));
  }
  // A line of a table: {"TUS-CORE-HEAD-001", head_has_offset_at_zero, ...; the function may stand
  // in a template, as in in_each<function>.
  static const std::regex line(
      "\\{\"([A-Z][A-Z0-9-]*-[0-9]{3})\",\\s*(?:in_[a-z]+<)?([A-Za-z0-9_]+)");
  Names judged;
  for (const auto& file : fs::recursive_directory_iterator(root / "conformance/systems")) {
    if (file.path().extension() != ".cpp") continue;
    const auto text = text_of(file.path());
    for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) {
      const std::string id = (*at)[1];
      auto function = names[id];
      std::replace(function.begin(), function.end(), '-', '_');
      EXPECT_EQ((*at)[2], function) << file.path() << ": " << id;
      judged.insert(id);
    }
  }
  EXPECT_GT(judged.size(), 700U);
}

}  // namespace
