// What a partner of Open Humans does: the project's token, metadata, the file by a signed URL.
#pragma once

#include <memory>

#include "onboard/journey.hpp"
#include "protocol/error.hpp"

namespace conformance {

/// An Error of usage when there are no metadata.
[[nodiscard]] Result<std::unique_ptr<onboard::Journey>> openhumans_journey(onboard::Party party);

}  // namespace conformance
