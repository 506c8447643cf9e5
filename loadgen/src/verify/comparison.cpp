#include "verify/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace loadgen {
namespace {
constexpr std::size_t made_at_once = 64U << 10U;
}

void Comparison::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    std::size_t count = payload_.same(at_, bytes);
    if (count == 0) {
      const auto expected = expected_here();
      if (expected.empty()) {
        too_many_ += Bytes{bytes.size()};
        return;
      }
      count = std::min(expected.size(), bytes.size());
      compare(expected.first(count), bytes.first(count));
    }
    at_ += Bytes{count};
    bytes = bytes.subspan(count);
  }
}

std::span<const std::byte> Comparison::expected_here() {
  if (at_ < expected_at_ || at_ >= expected_at_ + Bytes{expected_.size()}) {
    expected_at_ = at_;
    expected_.resize(made_at_once);
    expected_.resize(payload_.read(at_, expected_));
  }
  return std::span(expected_).subspan(static_cast<std::size_t>((at_ - expected_at_).value));
}

void Comparison::compare(std::span<const std::byte> expected, std::span<const std::byte> bytes) {
  if (std::memcmp(expected.data(), bytes.data(), bytes.size()) == 0) return;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (expected[i] == bytes[i]) continue;
    const Bytes here = at_ + Bytes{i};
    if (!different_) different_ = ByteRange{here, here};
    different_->end = here + Bytes{1};
    ++count_;
  }
}

std::optional<Damage> Comparison::verdict() const {
  std::optional<ByteRange> missing;
  if (at_ < payload_.size()) missing = ByteRange{at_, payload_.size()};
  if (different_) {
    std::string detail = fmt::format("bytes {}, {} of them", to_string(*different_), count_);
    if (missing) detail += fmt::format("; bytes {} are missing", to_string(*missing));
    if (too_many_.value > 0) detail += fmt::format("; {} bytes too many", too_many_.value);
    return Damage{{"verify: different bytes", std::move(detail)}, different_};
  }
  if (missing) {
    return Damage{{"verify: bytes are missing",
                   fmt::format("bytes {} of {}", to_string(*missing), payload_.size().value)},
                  missing};
  }
  if (too_many_.value > 0) {
    return Damage{{"verify: too many bytes",
                   fmt::format("{} more than the {} sent", too_many_.value, at_.value)},
                  std::nullopt};
  }
  return std::nullopt;
}

}  // namespace loadgen
