#include "systems/dex/case_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"

namespace loadgen {
namespace {

using Json = nlohmann::ordered_json;

/// Go finds a key whatever the case of its letters.
std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::map<std::string, json::Cursor> members_of(const json::Cursor& root) {
  std::map<std::string, json::Cursor> members;
  for (const auto& [key, value] : root.members()) members.emplace(lower(key), value);
  return members;
}

/// "11s", "1m30s", "250ms", as Go writes durations, or a number of nanoseconds; in ms.
std::int64_t go_duration(const json::Cursor& at) {
  constexpr double most_ms = 1e12;
  double ms = 0;
  if (at.is_number()) {
    ms = at.number() / 1e6;
  } else {
    const std::string& text = at.string();
    const char* next = text.data();
    const char* const end = text.data() + text.size();
    static const std::map<std::string, double> units{{"h", 3.6e6}, {"m", 6e4},   {"s", 1000},
                                                     {"ms", 1},    {"us", 1e-3}, {"ns", 1e-6}};
    if (next == end) at.fail("expected a duration, as in 11s or 1m30s");
    while (next != end) {
      double value = 0;
      const auto [behind, code] = std::from_chars(next, end, value);
      const char* unit_end = behind;
      while (unit_end != end && *unit_end >= 'a' && *unit_end <= 'z') ++unit_end;
      const auto unit = units.find(std::string(behind, unit_end));
      if (code != std::errc{} || value < 0 || unit == units.end()) {
        at.fail("expected a duration, as in 11s or 1m30s");
      }
      ms += value * unit->second;
      next = unit_end;
    }
  }
  if (!(ms >= 0) || ms > most_ms) at.fail("expected a duration, as in 11s or 1m30s");
  return std::llround(ms);
}

/// So many MiB, which may be a fraction, in bytes.
std::uint64_t mebibytes(const json::Cursor& at) {
  const double bytes = at.number() * (1U << 20U);
  if (!(bytes >= 1) || bytes > 1e15) at.fail("at least a byte is expected, as a number of MiB");
  return static_cast<std::uint64_t>(bytes);
}

std::string name_of(const std::string& file) {
  std::string name = std::filesystem::path(file).stem().string().substr(0, 40);
  for (char& c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
    if (!good) c = '-';
  }
  return name.empty() ? "case" : name;
}

ForeignScenario translate(const json::Cursor& root, const std::string& file) {
  const auto members = members_of(root);
  const auto find = [&](const char* key) -> const json::Cursor* {
    const auto found = members.find(key);
    return found == members.end() ? nullptr : &found->second;
  };
  ForeignScenario ours;
  Json group{{"name", name_of(file)}, {"system", "dex"}};
  group["chunk"] = std::to_string(mebibytes(*find("chunk")));
  Json manifest = Json::object();
  for (const auto& [key, value] : find("manifest")->members()) manifest[key] = value.string();
  group["manifest"] = manifest;
  const auto* const size = find("size");
  const bool sized = size != nullptr && size->number() > 0;
  if (sized) group["size"] = std::to_string(mebibytes(*size));
  if (const auto* const of = find("templatefile"); of != nullptr && !of->string().empty()) {
    group["payload"] = "hl7";
    if (!sized) group["size"] = "1MiB";
    ours.notes.push_back(
        fmt::format("the template {} is not filled in: HL7 messages of our own are sent{}",
                    quote(of->string()), sized ? "" : ", a MiB of them (see --size)"));
  } else if (!sized) {
    root.fail("\"Size\" is missing: MiB of a file");
  }
  if (const auto* const limit = find("time_limit")) {
    const auto ms = go_duration(*limit);
    if (ms > 0) group["deliver_timeout"] = fmt::format("{}ms", ms);
  }
  Json targets = Json::array();
  if (const auto* const expected = find("expected_delivery_targets");
      expected && !expected->is_null()) {
    for (const auto& target : expected->items()) targets.push_back(target.string());
  }
  if (targets.empty()) targets.push_back("none");
  group["expect_target"] = targets;
  if (find("expected_reports") != nullptr) {
    ours.notes.emplace_back(
        "\"expected_reports\" are not asked for: reports are another service's");
  }
  ours.scenario = Json{{"partners", Json::array({group})}}.dump();
  return ours;
}

}  // namespace

std::optional<Result<ForeignScenario>> read_case_file(const std::string& text,
                                                      const std::string& file) {
  const auto has = [](const json::Cursor& root) {
    if (!root.is_object()) return false;
    const auto members = members_of(root);
    return members.contains("chunk") && members.contains("manifest") &&
           members.at("manifest").is_object() && members.at("chunk").is_number();
  };
  const auto ours = json::decode(text, file, has);
  if (!ours || !*ours) return std::nullopt;
  return json::decode(text, file, [&](const json::Cursor& root) { return translate(root, file); });
}

}  // namespace loadgen
