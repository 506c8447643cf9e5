// When a client tries again, as users know it from tus-js-client.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// Network errors (status 0), 5xx, 409 and 423 are tried again; every other 4xx is final. 429 is
/// tried again as well, but waits as long as the server says.
[[nodiscard]] bool is_retryable(int status);

/// Retry-After in seconds (RFC 9110 section 10.2.3; the date form counts as absent), at most 5 min.
[[nodiscard]] std::optional<Milliseconds> retry_after(const http::Fields& headers);

/// The delays that are left. Progress starts them anew: an offset beyond every one at an earlier
/// failure, so that a server which takes back what it acknowledged does not keep a client for ever.
class RetryBudget {
 public:
  /// Some clients do not know Retry-After, and take a 429 as any other failure.
  explicit RetryBudget(std::vector<Milliseconds> delays, bool heeds_retry_after = true)
      : delays_(std::move(delays)), heeds_retry_after_(heeds_retry_after) {}

  /// What to wait before the next attempt after `outcome`; nullopt when it is time to give up. The
  /// server's Retry-After is kept to; a 429 does not cost a delay.
  [[nodiscard]] std::optional<Milliseconds> spend(const transport::LoadOutcome& outcome,
                                                  Bytes acknowledged);
  /// The server lets this client on: it may be told to wait anew.
  void let_on() { waits_ = 0; }
  /// The upload begins again at 0 under a new URL.
  void restart() { farthest_ = Bytes{0}; }

 private:
  std::vector<Milliseconds> delays_;
  bool heeds_retry_after_;
  std::size_t next_ = 0;
  Bytes farthest_;
  unsigned waits_ = 0;  ///< 429 since the server last let this client on
};

}  // namespace loadgen
