// What a partner of One Codex does: API key, metadata, the file as a form, confirmation.
#pragma once

#include <memory>

#include "onboard/journey.hpp"
#include "protocol/error.hpp"

namespace conformance {

/// An Error of usage when the metadata are no JSON object.
[[nodiscard]] Result<std::unique_ptr<onboard::Journey>> onecodex_journey(onboard::Party party);

}  // namespace conformance
