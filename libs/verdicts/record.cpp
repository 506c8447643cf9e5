#include "verdicts/record.hpp"

#include <fmt/format.h>

#include <regex>
#include <stdexcept>

#include "protocol/json/decode.hpp"

namespace verdicts {
namespace {

/// Rows whose answers are a race between requests, so that only the verdict can be the same.
const std::set<std::string> races{"TUS-CORE-PATCH-024", "TUS-CORE-PATCH-027", "DEX-TUS-008"};

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " or ") + word;
  return text;
}

std::string verdict_of(const json::Cursor& at) {
  static const std::set<std::string> known{"pass", "fail",    "warn", "note",
                                           "skip", "blocked", "error"};
  if (!known.contains(at.string()))
    at.fail(fmt::format("expected one of {}", fmt::join(known, ", ")));
  return at.string();
}

Row read_row(const json::Cursor& at) {
  at.only({"verdict", "got"});
  Row row;
  const auto verdict = at.at("verdict");
  if (verdict.is_array()) {
    for (const auto& one : verdict.items()) row.verdicts.insert(verdict_of(one));
    if (row.verdicts.size() < 2) verdict.fail("expected one verdict, or several different ones");
  } else {
    row.verdicts = {verdict_of(verdict)};
  }
  if (const auto got = at.find("got")) row.got = got->string();
  return row;
}

std::vector<std::string> texts_in(const json::Cursor& list) {
  std::vector<std::string> texts;
  for (const auto& one : list.items()) texts.push_back(one.string());
  return texts;
}

std::string needed_text(const json::Cursor& at) {
  if (at.string().empty()) at.fail("must not be empty");
  return at.string();
}

Recorded read_recorded(const json::Cursor& root) {
  root.only({"$schema", "profile", "program", "recorded", "commands", "judge", "mock",
             "requirements"});
  Recorded recorded;
  recorded.profile = needed_text(root.at("profile"));
  static_cast<void>(needed_text(root.at("program")));
  static_cast<void>(root.at("recorded").string());
  if (texts_in(root.at("commands")).empty()) root.at("commands").fail("expected at least one");
  recorded.judge = texts_in(root.at("judge"));
  if (const auto mock = root.find("mock")) static_cast<void>(texts_in(*mock));
  for (const auto& [id, entry] : root.at("requirements").members())
    recorded.rows.emplace(id, read_row(entry));
  return recorded;
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

Result<Recorded> parse(std::string_view text, const std::string& document) {
  return json::decode(text, document, read_recorded);
}

Recorded load(const std::filesystem::path& file) {
  auto recorded = json::decode_file(file.string(), read_recorded);
  if (!recorded) throw std::runtime_error(recorded.error().line());
  return *std::move(recorded);
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
