// When uploads start: closed loop (the next one starts when one ends) or open loop (they are due at
// a rate, whatever the server does).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace loadgen {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Which uploads exist, and how many at a time. At least one of `uploads` and `duration` is set.
struct ScheduleOptions {
  std::optional<std::uint64_t> uploads;  ///< of the whole run
  std::optional<Duration> duration;      ///< no upload starts later than this
  std::uint64_t concurrency = 1;         ///< in flight at most, in this schedule
  double rate = 0;                       ///< uploads per second of the whole run; 0: closed loop
  /// This schedule starts the uploads `first`, `first + stride`, ... so that several threads (or
  /// several machines) share one run.
  std::uint64_t first = 0;
  std::uint64_t stride = 1;
};

/// Pure bookkeeping over a clock that is handed in. Not thread-safe.
class Schedule {
 public:
  Schedule(ScheduleOptions options, Time start);

  struct Start {
    std::uint64_t upload = 0;
    /// When it should have started. In a closed loop that is when it did; in an open loop latency
    /// counts from here, so that waiting for a free slot is not left out (coordinated omission).
    Time intended;
    /// When it could have: at `intended`, or when there was room at last. What is later than that
    /// is our own delay.
    Time possible;
  };
  /// The upload to start now, if one is due and there is room. One that had room when it was due
  /// starts also after the end of the run's duration: it is late by our timers only. The caller
  /// reports its end.
  [[nodiscard]] std::optional<Start> take(Time now);
  void ended(Time now);
  /// The upload that was taken last does not start, and none after it.
  void refuse(Time now);
  /// No upload starts from here on (interrupt).
  void close(Time now);

  /// When `take` should be asked again though nothing ended; nullopt when only an end can help.
  [[nodiscard]] std::optional<Time> next_due(Time now) const;
  /// Nothing more will start.
  [[nodiscard]] bool exhausted(Time now) const;
  /// Open loop: uploads that were due but found no room before the run's duration was over.
  [[nodiscard]] std::uint64_t not_started(Time now) const;
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::uint64_t started() const { return taken_; }

 private:
  [[nodiscard]] std::uint64_t upload(std::uint64_t n) const {
    return options_.first + n * options_.stride;
  }
  [[nodiscard]] bool exists(std::uint64_t n) const;
  [[nodiscard]] Time intended(std::uint64_t n) const;

  ScheduleOptions options_;
  Time start_;
  std::optional<Time> end_;  ///< starts are due before it
  Time room_since_;          ///< or since when, while there is none
  bool closed_ = false;
  std::uint64_t taken_ = 0;
  std::uint64_t in_flight_ = 0;
};

}  // namespace loadgen
