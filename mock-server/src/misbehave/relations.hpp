// Conditions on an upload's parts, and on other uploads.
#pragma once

#include <optional>
#include <string>

#include "misbehave/number.hpp"

namespace mock::misbehave {

/// On the parts of a final upload: as its creation names them, or as it was made of them.
struct PartConditions {
  std::optional<NumberCondition> count;
  std::optional<bool> in_order;  ///< in which they were created
  std::optional<bool> repeated;  ///< one is named more than once
};

/// On the lane's uploads other than the request's own.
struct OtherConditions {
  std::optional<bool> locked;         ///< a request is writing to one of them
  std::optional<std::string> marked;  ///< one of them carries this mark
};

}  // namespace mock::misbehave
