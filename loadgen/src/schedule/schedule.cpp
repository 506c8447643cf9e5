#include "schedule/schedule.hpp"

#include <algorithm>

namespace loadgen {

Schedule::Schedule(ScheduleOptions options, Time start)
    : options_(options), start_(start), room_since_(start) {
  if (options_.duration) end_ = start + *options_.duration;
}

bool Schedule::exists(std::uint64_t n) const {
  return !options_.uploads || upload(n) < *options_.uploads;
}

Time Schedule::intended(std::uint64_t n) const {
  const double seconds = static_cast<double>(upload(n)) / options_.rate;
  return start_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

std::optional<Schedule::Start> Schedule::take(Time now) {
  if (in_flight_ >= options_.concurrency || exhausted(now)) return std::nullopt;
  Start start{upload(taken_), now, now};
  if (options_.rate > 0) {
    start.intended = intended(taken_);
    if (start.intended > now) return std::nullopt;
    start.possible = std::max(start.intended, room_since_);
  }
  ++taken_;
  ++in_flight_;
  return start;
}

void Schedule::ended(Time now) {
  if (in_flight_-- == options_.concurrency) room_since_ = now;
}

void Schedule::refuse(Time now) {
  --taken_;
  --in_flight_;
  close(now);
}

void Schedule::close(Time now) {
  closed_ = true;
  if (!end_ || *end_ > now) end_ = now;
}

std::optional<Time> Schedule::next_due(Time now) const {
  if (options_.rate <= 0 || in_flight_ >= options_.concurrency || exhausted(now)) {
    return std::nullopt;
  }
  const Time due = intended(taken_);
  if (end_ && due >= *end_) return std::nullopt;
  return due;
}

bool Schedule::exhausted(Time now) const {
  if (!exists(taken_)) return true;
  if (!end_) return false;
  if (options_.rate <= 0 || closed_) return now >= *end_;
  const Time due = intended(taken_);
  if (due >= *end_) return true;
  return now >= *end_ && (in_flight_ >= options_.concurrency || due < room_since_);
}

std::uint64_t Schedule::not_started(Time now) const {
  if (options_.rate <= 0 || !end_ || now < *end_) return 0;
  std::uint64_t waiting = 0;
  while (exists(taken_ + waiting) && intended(taken_ + waiting) < *end_) ++waiting;
  return waiting;
}

}  // namespace loadgen
