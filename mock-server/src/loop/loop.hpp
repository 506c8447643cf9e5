// The one event loop a server runs on: time, timers, and a way to do long work off it.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>

#include "protocol/http/date.hpp"
#include "protocol/units.hpp"

namespace mock {

using TimePoint = ::http::TimePoint;

/// Keeps a timer alive; destroying it cancels the timer. Belongs to the loop's thread.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// All callbacks run on the loop's thread, never inside the call that asked for them. `post`,
/// `trouble` and the completion of `background` may come from any thread; everything else is for
/// the loop's own. What a callback throws ends that callback only, and is told as trouble.
class Loop {
 public:
  virtual ~Loop() = default;

  /// Wall-clock time, in UTC. Upload-Expires, token expiry and reports go by it.
  [[nodiscard]] virtual TimePoint now() const = 0;
  virtual void post(std::function<void()> task) = 0;
  /// Runs `task` once after `delay` unless the Timer is destroyed first.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(Milliseconds delay,
                                                     std::function<void()> task) = 0;
  /// Runs `work` on a worker thread, then `done` on the loop. For whatever may take longer than a
  /// disk write of one slice: joining parts, copying a delivery, digests of whole files. `done` is
  /// given what `work` threw, null when it returned; `in_background` (store/in_background.hpp)
  /// makes a StoreError of it.
  virtual void background(std::function<void()> work,
                          std::function<void(const std::exception_ptr& thrown)> done) = 0;
  /// Tells whoever runs the server that `what` ("a timer", "POST /files") failed for a reason that
  /// no client may see.
  virtual void trouble(std::string_view what, const std::exception_ptr& thrown) noexcept = 0;
};

}  // namespace mock
