#include "verdicts/record.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>

#include "protocol/json/decode.hpp"

namespace verdicts {
namespace {

/// Rows whose answers depend on a race between requests: only the verdict is the same in every run.
const std::set<std::string> races{"TUS-CORE-PATCH-024", "TUS-CORE-PATCH-027", "TUS-CORE-PATCH-031",
                                  "DEX-TUS-008"};

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
  root.only(
      {"$schema", "profile", "program", "recorded", "commands", "judge", "mock", "requirements"});
  Recorded recorded;
  recorded.profile = needed_text(root.at("profile"));
  recorded.program = needed_text(root.at("program"));
  recorded.recorded = root.at("recorded").string();
  recorded.commands = texts_in(root.at("commands"));
  if (recorded.commands.empty()) root.at("commands").fail("expected at least one");
  recorded.judge = texts_in(root.at("judge"));
  if (const auto mock = root.find("mock")) static_cast<void>(texts_in(*mock));
  for (const auto& [id, entry] : root.at("requirements").members())
    recorded.rows.emplace(id, read_row(entry));
  return recorded;
}

/// "https://h:1" of "https://h:1/files".
std::string origin_in(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? "" : url.substr(0, url.find_first_of("/?#", scheme + 3));
}

/// Reads a report of --json: only those of its many keys that are compared.
Column read_report(const json::Cursor& root) {
  // Early reports have none.
  if (const auto format = root.find("format"); format && format->unsigned_integer() != 1) {
    format->fail("this version reads 1");
  }
  Column column;
  const auto target = root.at("target");
  const auto& url = target.at("url").string();
  column.title = url + " as " + target.at("system").string() + ", " +
                 root.at("started").string().substr(0, 10);
  if (const auto stopped = root.find("stopped")) {
    stopped->fail("the run ended before its end: there is nothing to compare");
  }
  for (const auto& result : root.at("results").items()) {
    const auto& id = result.at("id").string();
    const auto got = result.find("got");
    column.rows.emplace(id, row_of(id, verdict_of(result.at("verdict")),
                                   got ? got->string() : std::string(), origin_in(url)));
  }
  return column;
}

Column read_column(const json::Cursor& root) {
  if (root.find("results")) return read_report(root);
  if (!root.find("requirements")) {
    root.fail("is neither a record (--record) nor a report (--json)");
  }
  Recorded recorded = read_recorded(root);
  return {recorded.program + ", " + recorded.recorded, std::move(recorded.rows)};
}

}  // namespace

std::string comparable(const std::string& got, const std::string& origin) {
  static const std::regex host(R"(https?://(127\.0\.0\.1|localhost|\[::1\]):\d+)");
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex hex_id("[0-9a-f]{32}");
  static const std::regex time(R"(\b\d+(\.\d+)? ?(ms|s)\b)");
  // RFC 9110 section 5.6.7, and RFC 3339.
  static const std::regex date(R"(\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|)"
                               R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
  auto text = std::regex_replace(got, host, "{url}");
  for (auto at = text.find(origin); !origin.empty() && at != std::string::npos;
       at = text.find(origin, at)) {
    text.replace(at, origin.size(), "{url}");
  }
  text = std::regex_replace(text, date, "{time}");
  text = std::regex_replace(text, uuid, "{id}");
  text = std::regex_replace(text, hex_id, "{id}");
  return std::regex_replace(text, time, "{time}");
}

Row row_of(const std::string& id, const std::string& verdict, const std::string& got,
           const std::string& origin) {
  Row row;
  row.verdicts = {verdict};
  if (verdict != "skip" && !got.empty() && !races.contains(id)) row.got = comparable(got, origin);
  return row;
}

Rows rows_of(const nlohmann::json& report) {
  Rows rows;
  const auto url = report.value("/target/url"_json_pointer, std::string());
  for (const auto& result : report.at("results")) {
    const auto id = result.at("id").get<std::string>();
    rows.emplace(id, row_of(id, result.at("verdict").get<std::string>(),
                            result.value("got", std::string()), origin_in(url)));
  }
  return rows;
}

Result<Recorded> parse(std::string_view text, const std::string& document) {
  return json::decode(text, document, read_recorded);
}

std::string to_json(const Recorded& recorded) {
  nlohmann::ordered_json json;
  json["profile"] = recorded.profile;
  json["program"] = recorded.program;
  json["recorded"] = recorded.recorded;
  json["commands"] = recorded.commands;
  json["judge"] = recorded.judge;
  json["requirements"] = nlohmann::ordered_json::object();
  for (const auto& [id, row] : recorded.rows) {
    nlohmann::ordered_json entry;
    if (row.verdicts.size() == 1) {
      entry["verdict"] = *row.verdicts.begin();
    } else {
      entry["verdict"] = row.verdicts;
    }
    if (row.got) entry["got"] = *row.got;
    json["requirements"][id] = std::move(entry);
  }
  // In ASCII: what a server said must not steer the terminal of whoever looks at the file.
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<Column> load_column(const std::string& file) { return json::decode_file(file, read_column); }

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

std::vector<Change> changes(const Rows& before, const Rows& after, bool verdicts_only) {
  std::vector<Change> all;
  const auto told = [](const Row& row) {
    return joined(row.verdicts) + (row.got ? " (" + *row.got + ")" : "");
  };
  for (const auto& [id, row] : before) {
    const auto at = after.find(id);
    if (at == after.end()) {
      all.push_back({id, {Difference::In::verdict, told(row), "not judged"}});
      continue;
    }
    const Row& now = at->second;
    if (row.verdicts != now.verdicts) {
      all.push_back({id, {Difference::In::verdict, told(row), told(now)}});
    } else if (!verdicts_only && row.got && now.got && *row.got != *now.got) {
      all.push_back({id, {Difference::In::answer, *row.got, *now.got}});
    }
  }
  for (const auto& [id, row] : after) {
    if (!before.contains(id)) {
      all.push_back({id, {Difference::In::verdict, "not judged", told(row)}});
    }
  }
  return all;
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
