#include "upload/retry.hpp"

#include <algorithm>
#include <charconv>

namespace loadgen {

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

}  // namespace loadgen
