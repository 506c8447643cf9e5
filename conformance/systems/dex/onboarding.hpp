// What a partner of DEX does: login, manifest, the file in pieces, a lost connection, delivery.
#pragma once

#include <memory>

#include "onboard/journey.hpp"
#include "protocol/error.hpp"

namespace conformance {

/// An Error of usage when there is no manifest, or one that cannot be read.
[[nodiscard]] Result<std::unique_ptr<onboard::Journey>> dex_journey(onboard::Party party);

}  // namespace conformance
