// When a DEX upload has arrived: Complete, of the right size, and delivered to every target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/dex/info.hpp"
#include "protocol/tus/metadata.hpp"
#include "stats/result.hpp"

namespace loadgen {

/// As the only target: Complete is enough (a server may have no delivery for a stream,
/// DEX-DELIV-008).
inline constexpr const char* no_target = "none";

/// nullopt when nothing is missing. A target counts as delivered when any attempt succeeded:
/// attempts that failed before it stay in the list (row DEX-DELIV-*).
[[nodiscard]] std::optional<Cause> still_missing(const dex::Info& info, Bytes size,
                                                 const std::vector<std::string>& targets);

/// By the names of targets that never were delivered to, and whose last attempt has failed: how
/// many have.
[[nodiscard]] std::map<std::string, unsigned> failures_of(const dex::Info& info);

/// What /info tells otherwise than `sent`, which it may have added to, and targets that were
/// delivered to more than once, beside `again` times that this was asked for.
[[nodiscard]] std::optional<Cause> told_otherwise_of(const dex::Info& info,
                                                     const tus::Metadata& sent,
                                                     std::uint64_t again);

}  // namespace loadgen
