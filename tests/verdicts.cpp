#include "verdicts.hpp"

#include <fmt/format.h>

#include <fstream>
#include <regex>
#include <stdexcept>

namespace verdicts {
namespace {

/// Rows whose answers are a race between requests, so that only the verdict can be the same.
const std::set<std::string> races{"TUS-CORE-PATCH-024", "TUS-CORE-PATCH-027", "DEX-TUS-008"};

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " or ") + word;
  return text;
}

}  // namespace

std::string comparable(const std::string& got) {
  static const std::regex host(R"(https?://(127\.0\.0\.1|localhost|\[::1\]):\d+)");
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex hex_id("[0-9a-f]{32}");
  static const std::regex time(R"(\b\d+(\.\d+)? ?(ms|s)\b)");
  auto text = std::regex_replace(got, host, "{url}");
  text = std::regex_replace(text, uuid, "{id}");
  text = std::regex_replace(text, hex_id, "{id}");
  return std::regex_replace(text, time, "{time}");
}

Rows rows_of(const nlohmann::json& report) {
  Rows rows;
  for (const auto& result : report.at("results")) {
    Row row;
    const auto verdict = result.at("verdict").get<std::string>();
    row.verdicts = {verdict};
    // Why a row is skipped is told in the tool's words only.
    const auto id = result.at("id").get<std::string>();
    if (verdict != "skip" && result.contains("got") && !races.contains(id)) {
      row.got = comparable(result.at("got").get<std::string>());
    }
    rows.emplace(id, std::move(row));
  }
  return rows;
}

Recorded load(const std::filesystem::path& file) {
  try {
    const auto json = nlohmann::json::parse(std::ifstream(file));
    Recorded recorded;
    recorded.profile = json.at("profile").get<std::string>();
    recorded.judge = json.at("judge").get<std::vector<std::string>>();
    for (const auto& [id, entry] : json.at("requirements").items()) {
      Row row;
      const auto& verdict = entry.at("verdict");
      if (verdict.is_string()) {
        row.verdicts = {verdict.get<std::string>()};
      } else {
        row.verdicts = verdict.get<std::set<std::string>>();
      }
      if (entry.contains("got")) row.got = entry.at("got").get<std::string>();
      recorded.rows.emplace(id, std::move(row));
    }
    return recorded;
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(file.string() + ": " + error.what());
  }
}

std::optional<Difference> difference(const Row& recorded, const Row* found) {
  if (found == nullptr) return Difference{Difference::In::verdict, joined(recorded.verdicts), "-"};
  for (const auto& verdict : found->verdicts) {
    if (!recorded.verdicts.contains(verdict)) {
      return Difference{Difference::In::verdict,
                        joined(recorded.verdicts) + " (" + recorded.got.value_or("") + ")",
                        verdict + " (" + found->got.value_or("") + ")"};
    }
  }
  if (recorded.got && found->got != recorded.got) {
    return Difference{Difference::In::answer, *recorded.got, found->got.value_or("")};
  }
  return std::nullopt;
}

Rows merged(const std::vector<Rows>& runs) {
  Rows all;
  for (const auto& run : runs) {
    for (const auto& [id, row] : run) {
      const auto [known, added] = all.emplace(id, row);
      if (added) continue;
      known->second.verdicts.insert(row.verdicts.begin(), row.verdicts.end());
      if (known->second.got != row.got) known->second.got.reset();
    }
  }
  return all;
}

}  // namespace verdicts
