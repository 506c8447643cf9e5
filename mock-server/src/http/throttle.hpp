// How many bytes may pass now, at a given rate: a token bucket that starts empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "http/intercept.hpp"
#include "loop/loop.hpp"

namespace mock {

/// N bytes take N / rate from the moment it was made, in whatever steps. After a pause, a quarter
/// of a second's worth at most is made up for. Time that goes backwards counts as none.
class Throttle {
 public:
  /// `limit` is not zero.
  Throttle(Bandwidth limit, TimePoint now)
      : rate_(static_cast<double>(limit.bytes_per_second)), last_(now) {}

  /// Bytes that may pass at `now`.
  std::uint64_t refill(TimePoint now) {
    using Seconds = std::chrono::duration<double>;
    const auto passed = std::max(0.0, std::chrono::duration_cast<Seconds>(now - last_).count());
    last_ = now;
    bytes_ = std::min(bytes_ + passed * rate_, std::max(2 * quantum(), rate_ / 4));
    return allowance();
  }
  /// As of the last refill.
  [[nodiscard]] std::uint64_t allowance() const {
    constexpr auto most = std::uint64_t{1} << 62U;
    return bytes_ < static_cast<double>(most) ? static_cast<std::uint64_t>(bytes_) : most;
  }
  /// At most the allowance.
  void spend(std::uint64_t bytes) { bytes_ -= static_cast<double>(bytes); }
  /// How long to wait before it is worth asking again.
  [[nodiscard]] Milliseconds wait() const {
    const auto missing = std::max(0.0, quantum() - bytes_);
    return Milliseconds{std::max<std::int64_t>(1, std::llround(std::ceil(1000 * missing / rate_)))};
  }

 private:
  /// The least that is worth waiting for: 20 ms worth, or 1 KiB if that is more, but no longer than
  /// 200 ms for it.
  [[nodiscard]] double quantum() const {
    return std::max(1.0, std::min(std::max(rate_ / 50, 1024.0), rate_ / 5));
  }

  double rate_;
  double bytes_ = 0;
  TimePoint last_;
};

}  // namespace mock
