// The requirement catalogue: fixtures/requirements/*.json, embedded into the program.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "protocol/error.hpp"
#include "verdict.hpp"

namespace conformance {

/// Which systems a row belongs to: tus and http rows are judged for every system.
enum class Origin { tus, http, dex, ietf };
[[nodiscard]] std::string_view to_string(Origin origin);

struct Requirement {
  std::string id;    ///< "TUS-CORE-VER-001"
  std::string area;  ///< "core-version"
  Origin origin = Origin::tus;
  Level level = Level::must;
  std::string section;  ///< where the rule is said
  std::string text;
  std::string test;                   ///< how it is judged
  std::vector<std::string> excludes;  ///< systems and tus extensions it does not apply to
  std::string tusd, tus_node, dex;    ///< what known servers do
};

class Catalogue {
 public:
  explicit Catalogue(std::vector<Requirement> rows) : rows_(std::move(rows)) {}
  /// In the order of the files' list and of the rows within.
  [[nodiscard]] const std::vector<Requirement>& rows() const { return rows_; }
  /// nullptr when there is none of that id.
  [[nodiscard]] const Requirement* find(std::string_view id) const;

 private:
  std::vector<Requirement> rows_;
};

/// Strict: unknown keys, unknown levels, ids that come twice are Errors with file and field.
[[nodiscard]] Result<Catalogue> load_catalogue(std::span<const EmbeddedFile> documents);

/// What was embedded at build time.
[[nodiscard]] std::span<const EmbeddedFile> embedded_requirements();
[[nodiscard]] std::span<const EmbeddedFile> embedded_defects();
[[nodiscard]] std::span<const EmbeddedFile> embedded_baselines();

/// Names of the embedded defects that list `id` in "breaks".
[[nodiscard]] std::vector<std::string> defects_breaking(std::string_view id);

}  // namespace conformance
