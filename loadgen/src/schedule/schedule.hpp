// When partners start: closed loop (the next one starts when one ends) or open loop (they are due
// at a rate, whatever the server does).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "schedule/arrivals.hpp"
#include "schedule/course.hpp"
#include "schedule/lot.hpp"

namespace loadgen {

/// Which partners exist, and how many at a time. At least one of `partners` and an end of the
/// course is set.
struct ScheduleOptions {
  std::optional<std::uint64_t> partners;  ///< of the whole run
  Course course = Course::steady(1);      ///< none starts behind its end
  Arrival arrival = Arrival::closed;
  std::uint64_t most = 1;    ///< open loop: in flight at most, of the whole run
  std::uint64_t seed = 1;    ///< of the run
  std::uint64_t stream = 0;  ///< which schedule of the run it is
  /// The partners that this schedule starts, so that several threads and machines share one run.
  Lot lot;
};

/// Pure bookkeeping over a clock that is handed in. Not thread-safe.
class Schedule {
 public:
  Schedule(ScheduleOptions options, Time start);
  Schedule(const Schedule&) = delete;  // arrivals point into the course
  Schedule& operator=(const Schedule&) = delete;

  struct Start {
    std::uint64_t partner = 0;
    /// When it should have started. In a closed loop that is when it did; in an open loop latency
    /// counts from here, so that waiting for a free slot is not left out (coordinated omission).
    Time intended;
    /// When it could have: at `intended`, or when there was room at last. What is later than that
    /// is our own delay.
    Time possible;
  };
  /// The partner to start now, if one is due and there is room. One that had room when it was due
  /// starts even after the end of the course: only our timers made it late. The caller reports its
  /// end.
  [[nodiscard]] std::optional<Start> take(Time now);
  void ended(Time now);
  /// The partner that was taken last does not start, and none after it.
  void refuse(Time now);
  /// None starts from here on (interrupt).
  void close(Time now);

  /// When to ask `take` again if nothing ends before; nullopt: only an end can help.
  [[nodiscard]] std::optional<Time> next_due(Time now) const;
  /// Nothing more will start.
  [[nodiscard]] bool exhausted(Time now) const;
  /// Open loop: partners that were due but found no room before the end of the course, by when they
  /// were due.
  void each_not_started(Time now, const std::function<void(Time due)>& visit) const;
  [[nodiscard]] std::uint64_t not_started(Time now) const;
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::uint64_t started() const { return taken_; }
  /// The first of its partners that is `from` or later, whether it starts or not; nullopt: there
  /// is none.
  [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t from) const;

 private:
  [[nodiscard]] bool open() const { return arrivals_.has_value(); }
  [[nodiscard]] std::uint64_t room(Time now) const;  ///< in flight here, at most
  /// Open loop: when the next one is due; nullopt: there is none.
  [[nodiscard]] std::optional<Time> due() const;

  ScheduleOptions options_;
  Time start_;
  std::optional<Time> end_;  ///< starts are due before it
  Time room_since_;          ///< since when there has been room; not updated while there is none
  bool closed_ = false;
  std::optional<std::uint64_t> next_, last_;  ///< partners: to be taken, and taken last
  std::uint64_t taken_ = 0;
  std::uint64_t in_flight_ = 0;
  std::optional<Arrivals> arrivals_, former_;  ///< open loop: the next one, and the last
};

}  // namespace loadgen
