// Conditions on how many requests come: in all, in a time by the lane's clock, or at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "loop/loop.hpp"
#include "protocol/units.hpp"
#include "store/lru.hpp"

namespace mock::misbehave {

class Facts;

/// What has a count of its own: the lane, each upload, or each connection.
enum class Per { lane, upload, connection };

struct RateLimit {
  std::uint64_t above = 0;
  Milliseconds in{0};
};

struct CountConditions {
  Per per = Per::lane;  ///< for nth, every, rate and concurrent
  /// More than `above` matches in the time `in`. Matches on which the rule fires do not count, so
  /// that a client that waits as long as it was told gets through.
  std::optional<RateLimit> rate;
  /// More than that many requests for which the rule's conditions hold, this one included, are
  /// under way. Requests on which the rule fires do not count.
  std::optional<std::uint64_t> concurrent_above;

  [[nodiscard]] std::string key(const Facts& facts, const std::string& upload) const;
};

inline constexpr std::uint64_t most_in_window = 100'000;
/// How many uploads or connections a rule has counts for; the least recently used go first.
inline constexpr std::size_t counted_apart = 10'000;

/// The counts for one upload, for one connection, or for the lane.
class Tally {
 public:
  std::uint64_t matched = 0;
  /// nullopt: within the limit, so the match at `now` was counted. Else how long it has to wait.
  [[nodiscard]] std::optional<Milliseconds> above(const RateLimit& limit, TimePoint now);

 private:
  std::deque<TimePoint> passed_;  ///< at most as many as the limit
};

class Tallies {
 public:
  Tally& of(const std::string& key) {
    auto* known = by_key_.find(key);
    return known != nullptr ? *known : *by_key_.put(key, {});
  }

 private:
  Lru<Tally> by_key_{counted_apart};
};

/// How many requests are under way, by CountConditions::key.
using InFlight = std::unordered_map<std::string, std::uint64_t>;

/// One request that is under way. `all` outlives it.
class Slot {
 public:
  Slot(InFlight& all, std::string key) : all_(&all), key_(std::move(key)) { ++all[key_]; }
  Slot(Slot&& other) noexcept
      : all_(std::exchange(other.all_, nullptr)), key_(std::move(other.key_)) {}
  Slot& operator=(Slot&& other) noexcept {
    std::swap(all_, other.all_);
    std::swap(key_, other.key_);
    return *this;
  }
  ~Slot() {
    if (all_ == nullptr) return;
    const auto found = all_->find(key_);
    if (--found->second == 0) all_->erase(found);
  }
  [[nodiscard]] bool is_of(const InFlight& all) const { return all_ == &all; }

 private:
  InFlight* all_;
  std::string key_;
};

}  // namespace mock::misbehave
