#include "target/busy.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace conformance {
namespace {

constexpr Milliseconds usual{1'000};
constexpr Milliseconds longest{10'000};

Milliseconds pause_of(const transport::Response& response) {
  const std::string text{response.headers.find("Retry-After").value_or("")};
  std::uint64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, seconds);
  if (text.empty() || error == std::errc::invalid_argument || stopped != end) return usual;
  if (error != std::errc{} || seconds > 10) return longest;
  return std::chrono::seconds{seconds};
}

}  // namespace

std::optional<Busy> busy_of(const transport::Response& response) {
  if (response.status != 423 && response.status != 429 && response.status != 503) {
    return std::nullopt;
  }
  return Busy{response.status, std::min(pause_of(response), longest)};
}

}  // namespace conformance
