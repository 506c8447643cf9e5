// results.json: written, and read strictly. docs/guides/results.md says what each key is, and
// fixtures/results/results.schema.json (--print-schema results) is its schema.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "results/results.hpp"

namespace loadgen {

/// The largest file that is read: a run that makes more has no results.
inline constexpr Bytes results_limit{256U << 20U};

/// One line and LF. Read again it gives `results`, except for fractions of a microsecond.
[[nodiscard]] std::string results_json(const Results& results);

/// `document` names it in errors, which are one line: not JSON, torn off, of another format, a key
/// that is missing or unknown, an impossible figure. Nothing else in it is trusted: texts are made
/// printable again.
[[nodiscard]] Result<Results> parse_results(std::string_view text, const std::string& document);
/// A file; or a folder, as --report made it.
[[nodiscard]] Result<Results> read_results(const std::string& path);

}  // namespace loadgen
