// Texts of settings that more than one room reads.
#pragma once

#include <string>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace loadgen {

/// An absolute http or https URL, without '/' at its end. An Error shows nothing that may be
/// secret.
[[nodiscard]] Result<std::string> http_url(const std::string& text);
/// "90s"; above 0.
[[nodiscard]] Result<Milliseconds> positive_duration(const std::string& text);

}  // namespace loadgen
