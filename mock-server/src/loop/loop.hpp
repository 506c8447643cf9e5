// The one event loop a server runs on: time, timers, and a way to do long work off it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "protocol/http/date.hpp"
#include "protocol/units.hpp"

namespace mock {

using TimePoint = ::http::TimePoint;

/// Keeps a timer alive; destroying it cancels the timer. Belongs to the loop's thread.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// All callbacks run on the loop's thread, never inside the call that asked for them. `post` and
/// the completion of `background` may come from any thread; everything else is for the loop's own.
class Loop {
 public:
  virtual ~Loop() = default;

  /// Wall-clock time, in UTC. What Upload-Expires, token expiry and reports are dated by.
  [[nodiscard]] virtual TimePoint now() const = 0;
  virtual void post(std::function<void()> task) = 0;
  /// Runs `task` once after `delay` unless the Timer is destroyed first.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(Milliseconds delay,
                                                     std::function<void()> task) = 0;
  /// Runs `work` on a worker thread, then `done` on the loop. For whatever may take longer than a
  /// disk write of one slice: joining parts, copying a delivery, digests of whole files. `work`
  /// must not throw.
  virtual void background(std::function<void()> work, std::function<void()> done) = 0;
};

}  // namespace mock
