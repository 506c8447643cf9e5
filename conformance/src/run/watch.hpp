// Whether the target lives, and of what it died.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/units.hpp"
#include "transport/exchange.hpp"

namespace conformance {

/// Keeps watch over connections. Thread-safe.
class Watch {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  explicit Watch(Clock clock = std::chrono::steady_clock::now) : clock_(std::move(clock)) {}

  /// Each exchange of each row.
  void saw(std::string_view row, const transport::Exchange& exchange);
  /// No connection could be made several times in a row, and none since.
  [[nodiscard]] bool down() const;
  /// A connection can be made again.
  void up();

  /// How often it went down.
  [[nodiscard]] std::size_t deaths() const;

  /// A request that got no answer when the target went down.
  struct Suspect {
    std::string row;
    std::string request;  ///< "PATCH http://h/files/1"
  };
  /// Those of the last time, in the order in which they were lost.
  [[nodiscard]] std::vector<Suspect> suspects() const;

 private:
  struct Lost {
    std::chrono::steady_clock::time_point at, began;
    Suspect suspect;
  };
  void forget_old(std::chrono::steady_clock::time_point now);

  Clock clock_;
  mutable std::mutex mutex_;
  std::size_t refused_in_a_row_ = 0;
  bool down_ = false;
  std::size_t deaths_ = 0;
  std::deque<Lost> lost_;
};

/// Waits until `knock` says that a connection can be made, at most for `patience` and until `over`;
/// whether it can.
[[nodiscard]] bool comes_back(const std::function<bool()>& knock, Milliseconds patience,
                              const std::function<bool()>& over);

}  // namespace conformance
