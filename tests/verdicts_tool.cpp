// Puts a server's verdicts on record, and checks that they still hold.
//   verdicts record FILE REPORT.json...   writes the rows of one or more runs into FILE
//   verdicts check FILE REPORT.json       prints the rows that differ; exit code 1 if there are any
// REPORT.json is what `dex-conformance run --json` wrote. `record` replaces the requirements and
// the date in FILE, and keeps the rest.
#include <fmt/format.h>

#include <ctime>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "verdicts/record.hpp"

namespace {

nlohmann::ordered_json parsed(const std::string& file) {
  try {
    return nlohmann::ordered_json::parse(std::ifstream(file));
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(file + ": " + error.what());
  }
}

verdicts::Rows rows_in(const std::string& file) {
  try {
    return verdicts::rows_of(nlohmann::json::parse(std::ifstream(file)));
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(file + ": " + error.what());
  }
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

int record(const std::string& file, const std::vector<std::string>& reports) {
  std::vector<verdicts::Rows> runs;
  runs.reserve(reports.size());
  for (const auto& report : reports) runs.push_back(rows_in(report));
  auto json = parsed(file);
  json["recorded"] = today();
  auto rows = nlohmann::ordered_json::object();
  for (const auto& [id, row] : verdicts::merged(runs)) {
    nlohmann::ordered_json entry;
    if (row.verdicts.size() == 1) {
      entry["verdict"] = *row.verdicts.begin();
    } else {
      entry["verdict"] = row.verdicts;
    }
    if (row.got) entry["got"] = *row.got;
    rows[id] = std::move(entry);
  }
  const auto count = rows.size();
  json["requirements"] = std::move(rows);
  std::ofstream out(file);
  out << json.dump(2) << '\n';
  if (!out.flush()) throw std::runtime_error(file + ": cannot be written");
  fmt::print("{}: {} requirements from {} runs\n", file, count, runs.size());
  return 0;
}

int check(const std::string& file, const std::string& report) {
  const auto recorded = verdicts::load(file);
  const auto found = rows_in(report);
  std::size_t differing = 0;
  for (const auto& [id, row] : recorded.rows) {
    const auto at = found.find(id);
    const auto difference = verdicts::difference(row, at == found.end() ? nullptr : &at->second);
    if (!difference) continue;
    ++differing;
    fmt::print("{}\n  recorded  {}\n  found     {}\n", id, difference->recorded, difference->found);
  }
  for (const auto& [id, row] : found) {
    if (recorded.rows.contains(id)) continue;
    ++differing;
    fmt::print("{}\n  recorded  nothing\n  found     {} ({})\n", id, *row.verdicts.begin(),
               row.got.value_or(""));
  }
  fmt::print("{} requirements as recorded for {}, {} not\n", found.size() - differing,
             recorded.profile, differing);
  return differing == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() >= 3 && arguments[0] == "record") {
      return record(arguments[1], {arguments.begin() + 2, arguments.end()});
    }
    if (arguments.size() == 3 && arguments[0] == "check") return check(arguments[1], arguments[2]);
    fmt::print(stderr, "usage: verdicts record FILE REPORT.json... | check FILE REPORT.json\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "verdicts: {}\n", error.what());
  }
  return 2;
}
