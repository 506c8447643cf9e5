// Which rows a run judges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.hpp"
#include "context.hpp"

namespace conformance {

/// '*' and '?' as in a shell; letter case does not count.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

struct Selection {
  /// Globs over ids and areas, or tags: tus, http, dex, must, should, may. Empty: everything.
  std::vector<std::string> patterns;
  /// Rows of this level and stricter ones.
  Level least = Level::may;
};

/// Whether one pattern names the row.
[[nodiscard]] bool names(std::string_view pattern, const Requirement& row);
/// Whether the row is judged for that system at all: tus and http rows for every system, dex rows
/// for dex, ietf rows for tus, less the rows that exclude the system.
[[nodiscard]] bool applies(const Requirement& row, System system);
[[nodiscard]] bool selects(const Selection& selection, const Requirement& row);
/// A pattern that names no row at all is most likely misspelt: an Error that says so.
[[nodiscard]] Result<void> validate(const Selection& selection, const Catalogue& catalogue);

}  // namespace conformance
