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
/// Whether the row is judged for that system at all: those of the system's origins, less the rows
/// that exclude it.
[[nodiscard]] bool applies(const Requirement& row, const System& system);
[[nodiscard]] bool selects(const Selection& selection, const Requirement& row);
/// Whether a slow row that is selected is to be judged: all of them are asked for, or it is, by its
/// id, its name or the tag. Globs and areas ask for none.
[[nodiscard]] bool asks_for_slow(const Selection& selection, const Requirement& row);
/// A pattern that names no row at all is most likely misspelt: an Error that says so.
[[nodiscard]] Result<void> validate(const Selection& selection, const Catalogue& catalogue);

/// Ids, names, areas and tags that a pattern which names no row may have been meant for: "a, b, c".
/// Of a glob empty.
[[nodiscard]] std::string nearest_to(std::string_view pattern, const Catalogue& catalogue);

/// The words that the rows may use, of all systems.
[[nodiscard]] CatalogueWords words_of(Systems systems);

}  // namespace conformance
