// Hosts that are never loaded, whoever claims to own them.
#pragma once

#include <string>

#include "protocol/error.hpp"

namespace loadgen {

/// An Error when the host of `url` is one of production (client::production_host). What is no URL
/// is none of them. Thread-safe.
[[nodiscard]] Result<void> not_production(const std::string& url);

}  // namespace loadgen
