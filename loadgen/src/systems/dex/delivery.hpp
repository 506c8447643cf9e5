// When a DEX upload has arrived: Complete, of the right size, and delivered to every target.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/dex/info.hpp"
#include "stats/result.hpp"

namespace loadgen {

/// As the only target: Complete is enough (a server may have no delivery for a stream,
/// DEX-DELIV-008).
inline constexpr const char* no_target = "none";

/// nullopt when nothing is missing. A target counts as delivered when any attempt succeeded:
/// attempts that failed before it stay in the list (census row DEX-DELIV-*).
[[nodiscard]] std::optional<Cause> still_missing(const dex::Info& info, Bytes size,
                                                 const std::vector<std::string>& targets);

}  // namespace loadgen
