#include "upload/retry.hpp"

#include <algorithm>
#include <charconv>

#include "upload/cause.hpp"

namespace loadgen {
namespace {

/// A server that never lets a client in must not keep a run alive.
constexpr unsigned most_waits = 20;

}  // namespace

bool is_retryable(int status) {
  return status == 0 || status >= 500 || status == 409 || status == 423 || status == 429;
}

std::optional<Milliseconds> retry_after(const http::Fields& headers) {
  const auto value = headers.find("Retry-After");
  if (!value) return std::nullopt;
  unsigned seconds = 0;
  const auto [end, code] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (code != std::errc{} || end != value->data() + value->size()) return std::nullopt;
  return Milliseconds{std::chrono::seconds{std::min(seconds, 300U)}};
}

std::optional<Milliseconds> RetryBudget::spend(const transport::LoadOutcome& outcome,
                                               Bytes acknowledged) {
  std::optional<Milliseconds> told;
  if (outcome.response && heeds_retry_after_) told = retry_after(outcome.response->headers);
  if (status_of(outcome) == 429 && heeds_retry_after_) {
    if (waits_ == most_waits) return std::nullopt;
    ++waits_;
    return told.value_or(Milliseconds{1000});
  }
  if (acknowledged > farthest_) {
    next_ = 0;
    farthest_ = acknowledged;
  }
  if (next_ >= delays_.size()) return std::nullopt;
  return std::max(delays_[next_++], told.value_or(Milliseconds{0}));
}

}  // namespace loadgen
