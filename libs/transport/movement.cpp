#include "transport/movement.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace transport {
namespace {

double seconds(Movement::Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Movement::Movement(Clock::time_point start, Milliseconds silence,
                   std::optional<Clock::time_point> at_most)
    : start_(start), silence_(silence), at_most_(at_most), last_(start) {}

void Movement::note(Clock::time_point now, std::int64_t figure) {
  if (figure_ && *figure_ != figure) {
    if (at_most_) last_ = now;
    moved_ += figure - *figure_;
  }
  figure_ = figure;
}

void Movement::sent(Clock::time_point now, std::int64_t arrived, std::int64_t left) {
  constexpr std::chrono::seconds enough_to_tell{3};
  constexpr std::int64_t benefit_of_doubt = 2;
  if (!at_most_ || now - start_ < enough_to_tell || arrived <= 0 || left <= 0) return;
  const double pace = static_cast<double>(arrived) / seconds(now - start_);
  const double most = pace * benefit_of_doubt * std::max(0.0, seconds(*at_most_ - now));
  hopeless_ = static_cast<double>(left) > most;
}

bool Movement::over(Clock::time_point now) const {
  // Where nothing moved there is nothing to cut short: a silence has its full length.
  return now - last_ >= silence_ || hopeless_ || (at_most_ && now >= *at_most_ && moved_ > 0);
}

bool Movement::slow(Clock::time_point now) const {
  constexpr double least = 256;  // bytes a second
  return at_most_ && over(now) && now - last_ < silence_ && moved_ > 0 &&
         static_cast<double>(moved_) >= least * seconds(now - start_);
}

Movement::Clock::time_point Movement::look_again(Clock::time_point now) const {
  auto next = last_ + silence_;
  if (!at_most_) return next;
  constexpr Milliseconds step{200};
  next = std::min<Clock::time_point>(next, now + step);
  return *at_most_ > now ? std::min(next, *at_most_) : next;
}

std::int64_t unacknowledged(int fd) {
  int bytes = 0;
  return fd >= 0 && ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace transport
