// What dex-conformance said about a server, on record: a file of fixtures/profiles/verdicts, or one
// that --record wrote. Another run is compared with it row by row, notes included.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace verdicts {

struct Row {
  /// One; several if the server itself answers differently from run to run.
  std::set<std::string> verdicts;
  /// What the server did, in the words of the check, without what differs between any two runs
  /// (hosts, upload ids, times). None for a skipped row, and where two runs did not agree.
  std::optional<std::string> got;
};

using Rows = std::map<std::string, Row>;  ///< by requirement id

/// A file of fixtures/profiles/verdicts, or of --record.
struct Recorded {
  std::string profile;   ///< of the mock that plays the server; with --record, the system
  std::string program;   ///< which server that was
  std::string recorded;  ///< "2027-03-31"
  std::vector<std::string> commands;  ///< how it was made
  std::vector<std::string> judge;     ///< arguments of dex-conformance, beside --url and --json
  Rows rows;
};

/// `got` without what differs between any two runs: hosts of this machine, `origin`
/// ("https://upload.example.org"; empty: none), upload ids and times.
[[nodiscard]] std::string comparable(const std::string& got, const std::string& origin = {});
/// A row of a run. `got` is left out of a skipped row, whose reason is in the tool's own words, and
/// of rows that depend on a race between requests.
[[nodiscard]] Row row_of(const std::string& id, const std::string& verdict, const std::string& got,
                         const std::string& origin);

/// The rows of a report that dex-conformance wrote with --json.
[[nodiscard]] Rows rows_of(const nlohmann::json& report);

/// Strict: an Error names the document and the field.
[[nodiscard]] Result<Recorded> parse(std::string_view text, const std::string& document);
/// A JSON document that `parse` takes.
[[nodiscard]] std::string to_json(const Recorded& recorded);
/// Reads a file; throws std::runtime_error with the text of such an Error.
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

struct Change {
  std::string id;
  Difference difference;
};
/// A record, or a report of --json, to be compared.
struct Column {
  std::string title;  ///< which server that was, and when
  Rows rows;
};
/// Reads either. An Error names the file and the field.
[[nodiscard]] Result<Column> load_column(const std::string& file);
/// How `after` differs from `before`, by id; what only one of them has is a difference too. Answers
/// are compared where both have one. Which of the two is better is left to the reader.
[[nodiscard]] std::vector<Change> changes(const Rows& before, const Rows& after,
                                          bool verdicts_only = false);

/// Rows of several runs against one server, as they are put on record.
[[nodiscard]] Rows merged(const std::vector<Rows>& runs);

}  // namespace verdicts
