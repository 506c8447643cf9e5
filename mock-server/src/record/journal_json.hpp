// The journal on the wire: entries as JSON, matches out of JSON or a query.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "record/journal.hpp"

namespace mock {

[[nodiscard]] nlohmann::ordered_json to_json(const JournalEntry& entry);

/// {"method", "route", "upload", "status", "fault", "faults", "aborted", "offset", "since"}:
/// method, route and status are one value or a list; a status is a number, "4xx" or "400-499".
/// Fails at the place of what it does not understand.
[[nodiscard]] JournalMatch read_match(const json::Cursor& object);

/// The same conditions as GET /_mock/journal takes them, with what else it takes.
struct JournalQuery {
  JournalMatch match;
  std::size_t limit = 1000;
  bool digests = false;
  bool forward = false;  ///< "since" was given: the entries that follow it; else the latest ones
};
/// `query` is percent-encoded. Values of a list are separated by commas. The Error names the key.
[[nodiscard]] Result<JournalQuery> parse_journal_query(std::string_view query);

}  // namespace mock
