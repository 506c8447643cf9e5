#include "verify/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace loadgen {

void Comparison::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    expected_.resize(std::min<std::size_t>(bytes.size(), 64U << 10U));
    const std::size_t count = payload_.read(at_, expected_);
    if (count == 0) {
      too_many_ += Bytes{bytes.size()};
      return;
    }
    if (std::memcmp(expected_.data(), bytes.data(), count) != 0) {
      for (std::size_t i = 0; i < count; ++i) {
        if (expected_[i] == bytes[i]) continue;
        const Bytes here = at_ + Bytes{i};
        if (!different_) different_ = ByteRange{here, here};
        different_->end = here + Bytes{1};
        ++count_;
      }
    }
    at_ += Bytes{count};
    bytes = bytes.subspan(count);
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
