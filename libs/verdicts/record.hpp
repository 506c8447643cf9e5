// What dex-conformance said about a real server, on record: fixtures/profiles/verdicts. The profile
// of that server has to give the same (tests/census_walk_test.cpp), and the real one has to give it
// still (scripts/interop.sh).
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace verdicts {

struct Row {
  /// One; several when the server itself answers now this way, now that.
  std::set<std::string> verdicts;
  /// What the server did, in the words of the check, without what differs between any two runs
  /// (hosts, upload ids, times). None for a skipped row, and where two runs did not agree.
  std::optional<std::string> got;
};

using Rows = std::map<std::string, Row>;  ///< by requirement id

/// A file of fixtures/profiles/verdicts.
struct Recorded {
  std::string profile;
  std::vector<std::string> judge;  ///< arguments of dex-conformance, beside --url and --json
  Rows rows;
};

/// `got` without hosts, upload ids and times.
[[nodiscard]] std::string comparable(const std::string& got);

/// The rows of a report that dex-conformance wrote with --json.
[[nodiscard]] Rows rows_of(const nlohmann::json& report);

/// Strict: an Error names the document and the field.
[[nodiscard]] Result<Recorded> parse(std::string_view text, const std::string& document);
/// Throws std::runtime_error with that Error.
[[nodiscard]] Recorded load(const std::filesystem::path& file);

/// How a run differs from the record: in the verdict, or in what the server did.
struct Difference {
  enum class In { verdict, answer };
  In in = In::verdict;
  std::string recorded;
  std::string found;
};

/// nullopt: the same. A row that the run does not have differs in its verdict.
[[nodiscard]] std::optional<Difference> difference(const Row& recorded, const Row* found);

/// Rows of several runs against one server, as they are put on record.
[[nodiscard]] Rows merged(const std::vector<Rows>& runs);

}  // namespace verdicts
