// Which rows a run judges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.hpp"
#include "target/target.hpp"

namespace conformance {

/// '*' and '?' as in a shell; letter case does not count.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

struct Selection {
  /// Globs over ids, names and areas, or tags: origins, must, should, may, slow. Empty: everything.
  std::vector<std::string> patterns;
  /// Rows of this level and stricter ones.
  Level least = Level::may;
  bool slow = false;  ///< slow rows as well
};

/// Whether one pattern names the row.
[[nodiscard]] bool names(std::string_view pattern, const Requirement& row);
/// Whether `word` is the row's id or its name, in any letter case.
[[nodiscard]] bool is_called(const Requirement& row, std::string_view word);
/// Whether the row is judged for that system at all: its origin is one of the system's, and it does
/// not exclude the system.
[[nodiscard]] bool applies(const Requirement& row, const System& system);
[[nodiscard]] bool selects(const Selection& selection, const Requirement& row);
/// Whether a slow row that is selected is to be judged: when all slow rows are asked for, or this
/// one by its id, its name or the tag `slow`. Globs and areas ask for none.
[[nodiscard]] bool asks_for_slow(const Selection& selection, const Requirement& row);
/// A pattern that names no row at all is most likely misspelt: an Error that says so.
[[nodiscard]] Result<void> validate(const Selection& selection, const Catalogue& catalogue);

/// For a pattern that names no row: the ids, names, areas and tags that it may have been meant for,
/// "a, b, c". Empty for a glob.
[[nodiscard]] std::string nearest_to(std::string_view pattern, const Catalogue& catalogue);

/// The words that the rows may use, of all systems.
[[nodiscard]] CatalogueWords words_of(Systems systems);

}  // namespace conformance
