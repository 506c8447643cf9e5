// The journal on the wire: entries as JSON, matches out of JSON or a query.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "record/journal.hpp"

namespace mock {

[[nodiscard]] nlohmann::ordered_json to_json(const JournalEntry& entry);

/// {"method", "route", "upload", "status", "fault", "faults", "aborted", "refused", "offset",
/// "since", "headers", "reply_headers", "metadata", "body"}: method, route and status are one value
/// or a list; a status is a number, "4xx" or "400-499"; headers and metadata are conditions as
/// rules have them, by name; a list of them is all lines of a header; body is {"length", "sha256"}.
/// Fails at the place of what it does not understand.
[[nodiscard]] JournalMatch read_match(const json::Cursor& object);

/// One condition of a match by itself, so that it can be told which of them an entry fails.
struct MatchCondition {
  std::string field;      ///< "method", "headers.Origin", "body.length"
  nlohmann::json wanted;  ///< as it was given
  JournalMatch alone;
};
/// The conditions of what `read_match` takes, in its order. "since" is none: it says where to look.
[[nodiscard]] std::vector<MatchCondition> conditions_of(const json::Cursor& object);
/// What the entry has there, by its JSON; null: nothing, and always for "body.sha256".
[[nodiscard]] nlohmann::ordered_json found_at(const MatchCondition& condition,
                                              const nlohmann::ordered_json& entry_json);

/// The query of GET /_mock/journal: the same conditions, and what else it takes.
struct JournalQuery {
  JournalMatch match;
  std::size_t limit = 1000;
  bool digests = false;
  bool forward = false;  ///< "since" was given: the entries that follow it; else the latest ones
};
/// `query` is percent-encoded. Values of a list are separated by commas. The Error names the key.
[[nodiscard]] Result<JournalQuery> parse_journal_query(std::string_view query);

}  // namespace mock
