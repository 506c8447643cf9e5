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

/// As the only target it makes Complete enough: a server may have no delivery for a stream
/// (DEX-DELIV-008).
inline constexpr const char* no_target = "none";

/// nullopt when nothing is missing. A target counts as delivered when any attempt succeeded:
/// attempts that failed before it stay in the list (DEX-DELIV-007).
[[nodiscard]] std::optional<Cause> still_missing(const dex::Info& info, Bytes size,
                                                 const std::vector<std::string>& targets);

/// How many attempts have failed, by target: only targets that never were delivered to, and whose
/// last attempt has failed.
[[nodiscard]] std::map<std::string, unsigned> failures_of(const dex::Info& info);

/// What /info tells otherwise than `sent` (a server may add to it), or a target that was delivered
/// to more often than once and the `again` times that this was asked for.
[[nodiscard]] std::optional<Cause> told_otherwise_of(const dex::Info& info,
                                                     const tus::Metadata& sent,
                                                     std::uint64_t again);

}  // namespace loadgen
