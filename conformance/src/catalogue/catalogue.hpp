// The requirement catalogue: fixtures/requirements/*.json, embedded into the program.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "protocol/error.hpp"
#include "verdict.hpp"

namespace conformance {

/// The names that rows may use; they come from the systems that can be judged.
struct CatalogueWords {
  std::set<std::string, std::less<>> origins;  ///< for "system" of a file
  std::set<std::string, std::less<>> servers;  ///< columns that tell what known servers do
};

struct Requirement {
  std::string id;      ///< "TUS-CORE-VER-001"
  std::string area;    ///< "core-version"
  std::string origin;  ///< whose rule it is: "tus", "http", "dex", "ietf"
  Level level = Level::must;
  std::string section;  ///< where the rule is said
  std::string text;
  std::string test;                   ///< how it is judged
  std::string arguable;               ///< why the text may be read otherwise; empty: it is plain
  std::vector<std::string> excludes;  ///< systems and extensions it does not apply to
  std::map<std::string, std::string, std::less<>> known;  ///< by column: what known servers do
  bool slow = false;      ///< takes long or sends much: judged only when asked for
  std::string name = {};  ///< what its check shows: "patch-above-the-offset-is-409"
};

class Catalogue {
 public:
  explicit Catalogue(std::vector<Requirement> rows) : rows_(std::move(rows)) {}
  /// In the order of the files, and within each in the order of its rows.
  [[nodiscard]] const std::vector<Requirement>& rows() const { return rows_; }
  /// nullptr when there is none of that id, in its letter case.
  [[nodiscard]] const Requirement* find(std::string_view id) const;

 private:
  std::vector<Requirement> rows_;
};

/// Strict: unknown keys, unknown systems and levels, ids and names that come twice, and rows
/// without a name are Errors with file and field.
[[nodiscard]] Result<Catalogue> load_catalogue(std::span<const EmbeddedFile> documents,
                                               const CatalogueWords& words);

/// What was embedded at build time.
[[nodiscard]] std::span<const EmbeddedFile> embedded_requirements();
[[nodiscard]] std::span<const EmbeddedFile> embedded_defects();
[[nodiscard]] std::span<const EmbeddedFile> embedded_baselines();

/// Names of the embedded defects that list `id` in "breaks".
[[nodiscard]] std::vector<std::string> defects_breaking(std::string_view id);

}  // namespace conformance
