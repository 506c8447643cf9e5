#include "schedule/lot.hpp"

#include <algorithm>

namespace loadgen {

std::optional<std::uint64_t> Lot::next(std::uint64_t n) const {
  if (mine_) {
    for (; n < end_; ++n) {
      if (n / machine_.of % thread_.of == thread_.number && mine_(n)) return n;
    }
    return std::nullopt;
  }
  const std::uint64_t first = machine_.number + machine_.of * thread_.number;
  const std::uint64_t stride = machine_.of * thread_.of;
  if (n <= first) return first < end_ ? std::optional(first) : std::nullopt;
  const std::uint64_t found = first + (n - first + stride - 1) / stride * stride;
  return found < end_ ? std::optional(found) : std::nullopt;
}

std::uint64_t Lot::room(std::uint64_t whole) const {
  if (!mine_) return share(share(std::min(whole, end_), machine_), thread_);
  for (; looked_ < std::min(whole, end_); ++looked_) {
    if (mine_(looked_)) found_.push_back(looked_);
  }
  const auto own = std::lower_bound(found_.begin(), found_.end(), whole) - found_.begin();
  return share(static_cast<std::uint64_t>(own), thread_);
}

std::optional<std::uint64_t> Lot::of_machine(std::uint64_t before) const {
  if (!mine_) return machine_.number + before * machine_.of;
  for (; found_.size() <= before && looked_ < end_; ++looked_) {
    if (mine_(looked_)) found_.push_back(looked_);
  }
  if (found_.size() <= before) return std::nullopt;
  return found_[before];
}

std::optional<std::uint64_t> Lot::whole(std::uint64_t room) const {
  if (room == 0) return 0;
  const auto last = of_machine((room - 1) * thread_.of + thread_.number);
  if (!last || *last >= end_) return std::nullopt;
  return *last + 1;
}

}  // namespace loadgen
