#include "schedule/schedule.hpp"

#include <algorithm>
#include <utility>

namespace loadgen {
namespace {

/// A ramp is at a whole number up to this much too early, as moments are whole nanoseconds.
constexpr double hair = 1e-6;

/// Of something whole that `stride` schedules share, what the one that begins at `first` has.
std::uint64_t share(std::uint64_t whole, std::uint64_t first, std::uint64_t stride) {
  return whole / stride + (first < whole % stride ? 1 : 0);
}

}  // namespace

Schedule::Schedule(ScheduleOptions options, Time start)
    : options_(std::move(options)), start_(start), room_since_(start) {
  if (const auto end = options_.course.end()) end_ = start + *end;
  if (options_.arrival == Arrival::closed) return;
  arrivals_.emplace(options_.course, options_.arrival, options_.seed, options_.stream);
  arrivals_->advance(options_.first);
}

bool Schedule::exists(std::uint64_t n) const {
  return !options_.partners || partner(n) < *options_.partners;
}

std::uint64_t Schedule::room(Time now) const {
  const auto whole = open()
                         ? options_.most
                         : static_cast<std::uint64_t>(options_.course.level(now - start_) + hair);
  return share(whole, options_.first, options_.stride);
}

std::optional<Time> Schedule::due() const {
  const auto due = arrivals_->due();
  if (!due) return std::nullopt;
  return start_ + *due;
}

std::optional<Schedule::Start> Schedule::take(Time now) {
  if (exhausted(now) || in_flight_ >= room(now)) return std::nullopt;
  Start start{partner(taken_), now, now};
  if (open()) {
    start.intended = *due();
    if (start.intended > now) return std::nullopt;
    start.possible = std::max(start.intended, room_since_);
    former_ = arrivals_;
    arrivals_->advance(options_.stride);
  }
  ++taken_;
  ++in_flight_;
  return start;
}

void Schedule::ended(Time now) {
  if (in_flight_-- == room(now)) room_since_ = now;
}

void Schedule::refuse(Time now) {
  --taken_;
  --in_flight_;
  if (open()) arrivals_ = former_;
  close(now);
}

void Schedule::close(Time now) {
  closed_ = true;
  if (!end_ || *end_ > now) end_ = now;
}

std::optional<Time> Schedule::next_due(Time now) const {
  if (exhausted(now)) return std::nullopt;
  if (!open()) {
    if (in_flight_ < room(now)) return now;
    // So high must the level be for one more here.
    const auto least = in_flight_ * options_.stride + options_.first + 1;
    const auto rises = options_.course.rises_to(static_cast<double>(least), now - start_);
    if (!rises || (end_ && start_ + *rises >= *end_)) return std::nullopt;
    return start_ + *rises;
  }
  if (in_flight_ >= room(now)) return std::nullopt;
  const auto due_at = due();
  if (end_ && due_at >= *end_) return std::nullopt;
  return due_at;
}

bool Schedule::exhausted(Time now) const {
  if (!exists(taken_)) return true;
  if (!open() || closed_) return end_ && now >= *end_;
  const auto due_at = due();
  if (!due_at) return true;
  if (!end_) return false;
  if (*due_at >= *end_) return true;
  return now >= *end_ && (in_flight_ >= room(now) || *due_at < room_since_);
}

void Schedule::each_not_started(Time now, const std::function<void(Time due)>& visit) const {
  if (!open() || !end_ || now < *end_) return;
  Arrivals waiting = *arrivals_;
  for (auto n = taken_; exists(n); ++n) {
    const auto due_at = waiting.due();
    if (!due_at || start_ + *due_at >= *end_) return;
    visit(start_ + *due_at);
    waiting.advance(options_.stride);
  }
}

std::uint64_t Schedule::not_started(Time now) const {
  std::uint64_t count = 0;
  each_not_started(now, [&](Time) { ++count; });
  return count;
}

}  // namespace loadgen
