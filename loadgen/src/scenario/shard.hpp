// Several machines for one run: which part of it this process is, and when all of them begin.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "protocol/error.hpp"
#include "protocol/http/date.hpp"

namespace loadgen {

constexpr std::uint64_t most_shards = 1000;

/// Number `number` of `of`, from 1 on.
struct Shard {
  std::uint64_t number = 1, of = 1;
  auto operator<=>(const Shard&) const = default;  // NOLINT: clang-tidy 14 sees a null
};
/// "2/4".
[[nodiscard]] std::string to_string(const Shard& shard);
/// An Error has no place: the caller knows it.
[[nodiscard]] Result<Shard> parse_shard(const std::string& text);

/// "2026-11-29T17:00:00Z" (RFC 3339, any offset), or "+30s" from `now` on. Later than `now`, and
/// within a week: anything further off is taken for a mistake.
[[nodiscard]] Result<http::TimePoint> parse_start(const std::string& text, http::TimePoint now);

}  // namespace loadgen
