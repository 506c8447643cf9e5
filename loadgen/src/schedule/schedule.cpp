#include "schedule/schedule.hpp"

#include <algorithm>
#include <utility>

namespace loadgen {
namespace {

/// A ramp counts as having reached a whole number this much too early, as moments are whole
/// nanoseconds.
constexpr double hair = 1e-6;

}  // namespace

Schedule::Schedule(ScheduleOptions options, Time start)
    : options_(std::move(options)), start_(start), room_since_(start) {
  next_ = next(0);
  if (const auto end = options_.course.end()) end_ = start + *end;
  if (options_.arrival == Arrival::closed) return;
  arrivals_.emplace(options_.course, options_.arrival, options_.seed, options_.stream);
  if (next_) arrivals_->advance(*next_);
}

std::optional<std::uint64_t> Schedule::next(std::uint64_t from) const {
  auto found = options_.lot.next(from);
  if (found && options_.partners && *found >= *options_.partners) found.reset();
  return found;
}

std::uint64_t Schedule::room(Time now) const {
  const auto whole = open()
                         ? options_.most
                         : static_cast<std::uint64_t>(options_.course.level(now - start_) + hair);
  return options_.lot.room(whole);
}

std::optional<Time> Schedule::due() const {
  const auto due = arrivals_->due();
  if (!due) return std::nullopt;
  return start_ + *due;
}

std::optional<Schedule::Start> Schedule::take(Time now) {
  if (exhausted(now) || in_flight_ >= room(now)) return std::nullopt;
  Start start{*next_, now, now};
  if (open()) {
    start.intended = *due();
    if (start.intended > now) return std::nullopt;
    start.possible = std::max(start.intended, room_since_);
  }
  last_ = next_;
  next_ = next(*last_ + 1);
  if (open()) {
    former_ = arrivals_;
    if (next_) arrivals_->advance(*next_ - *last_);
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
  next_ = last_;
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
    // The level at which one more may start here.
    const auto least = options_.lot.whole(in_flight_ + 1);
    if (!least) return std::nullopt;
    const auto rises = options_.course.rises_to(static_cast<double>(*least), now - start_);
    if (!rises || (end_ && start_ + *rises >= *end_)) return std::nullopt;
    return start_ + *rises;
  }
  if (in_flight_ >= room(now)) return std::nullopt;
  const auto due_at = due();
  if (end_ && due_at >= *end_) return std::nullopt;
  return due_at;
}

bool Schedule::exhausted(Time now) const {
  if (!next_) return true;
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
  for (auto n = next_; n;) {
    const auto due_at = waiting.due();
    if (!due_at || start_ + *due_at >= *end_) return;
    visit(start_ + *due_at);
    const auto following = next(*n + 1);
    if (following) waiting.advance(*following - *n);
    n = following;
  }
}

std::uint64_t Schedule::not_started(Time now) const {
  std::uint64_t count = 0;
  each_not_started(now, [&](Time) { ++count; });
  return count;
}

}  // namespace loadgen
