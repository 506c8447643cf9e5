// Why a target could not be talked to, in a person's words.
#pragma once

#include <string>

#include "transport/exchange.hpp"

namespace conformance {

/// "connection refused", "its TLS certificate has expired", ...
[[nodiscard]] std::string failure_text(const transport::Failure& failure);

}  // namespace conformance
