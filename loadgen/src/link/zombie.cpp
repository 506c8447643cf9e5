#include "link/zombie.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace loadgen {

using transport::LoadClock;

Zombie::Zombie(const transport::LoadRequest& request, Bytes left, Milliseconds time,
               transport::LoadTime now, std::function<void()> turned)
    : source_(request.source),
      before_(request.pace),
      from_(request.cut->after - left),
      to_(request.cut->after),
      time_(time),
      now_(now),
      turned_(std::move(turned)) {}

std::size_t Zombie::read(Bytes at, std::span<std::byte> into) {
  if (at < from_) {
    const auto room = std::min<std::uint64_t>(into.size(), (from_ - at).value);
    return source_(at, into.first(static_cast<std::size_t>(room)));
  }
  if (turned_) turn();
  const auto offset = static_cast<std::size_t>((at - from_).value);
  const auto count = std::min(into.size(), buffer_.size() - std::min(offset, buffer_.size()));
  std::memcpy(into.data(), buffer_.data() + offset, count);
  return count;
}

void Zombie::turn() {
  buffer_.resize(static_cast<std::size_t>((to_ - from_).value));
  const auto all = std::as_writable_bytes(std::span(buffer_));
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t count = source_(from_ + Bytes{at}, all.subspan(at));
    if (count == 0) {
      buffer_.resize(at);
      break;
    }
    at += count;
  }
  const double seconds = std::chrono::duration<double>(time_).count();
  if (seconds > 0 && !all.empty()) {
    after_.emplace(BytesPerSecond{static_cast<double>(all.size()) / seconds}, now_);
  }
  source_ = nullptr;
  before_.reset();
  std::exchange(turned_, nullptr)();
}

std::uint64_t Zombie::available(transport::LoadTime now, std::uint64_t left) {
  now_ = now;
  if (after_) return after_->available(now, left);
  return before_ ? before_->available(now, left) : left;
}

LoadClock::duration Zombie::wait(std::uint64_t left) const {
  if (after_) return after_->wait(left);
  return before_ ? before_->wait(left) : LoadClock::duration{0};
}

void Zombie::spend(std::uint64_t bytes) {
  if (after_) {
    after_->spend(bytes);
  } else if (before_) {
    before_->spend(bytes);
  }
}

LoadClock::duration Zombie::silence() const {
  return before_ ? before_->silence() : LoadClock::duration{0};
}

}  // namespace loadgen
