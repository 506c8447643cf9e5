// JSON Schema (draft 4) as far as One Codex's own documents need it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "protocol/onecodex/contract.hpp"

namespace onecodex {

/// The first thing in which `value` breaks `schema`; nullopt: nothing. Known are type, enum,
/// required, properties, additionalProperties, items, anyOf, minimum, maximum, maxLength, format
/// date-time (RFC 3339) and the patterns of schema.hpp; other keywords say nothing. Linear in the
/// size of `value`.
[[nodiscard]] std::optional<Breach> find_breach(const nlohmann::ordered_json& schema,
                                                const nlohmann::json& value, Contract contract);

}  // namespace onecodex
