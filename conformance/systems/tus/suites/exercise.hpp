// One small use of each extension, to see whether what is advertised works.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "run/context.hpp"

namespace conformance::suites {

struct Exercise {
  bool works = false;
  std::string seen;         ///< what came
  std::string upload = {};  ///< concatenation: the final upload
};

/// Uses `extension` once, whether it is advertised or not. nullopt for extensions that we do not
/// know and for those that cannot be made to act from outside (expiration).
[[nodiscard]] std::optional<Exercise> exercise(Context& c, std::string_view extension);

/// The verdict of the rows "support is announced as X": advertised and working, or neither.
[[nodiscard]] Outcome announced_as(Context& c, std::string_view extension);

}  // namespace conformance::suites
