// A lane's own time: the wall clock, shifted or standing still.
#pragma once

#include <memory>
#include <optional>

#include "loop/loop.hpp"

namespace mock {

/// A Loop whose `now` can be frozen and advanced; work, timers and `background` are those of the
/// loop underneath, so pauses stay real time. Loop thread only. `real` outlives it.
class LaneClock final : public Loop {
 public:
  explicit LaneClock(Loop& real) : real_(real) {}

  [[nodiscard]] TimePoint now() const override {
    return (frozen_ ? *frozen_ : real_.now()) + shift_;
  }
  void post(std::function<void()> task) override { real_.post(std::move(task)); }
  [[nodiscard]] std::unique_ptr<Timer> after(Milliseconds delay,
                                             std::function<void()> task) override {
    return real_.after(delay, std::move(task));
  }
  void background(std::function<void()> work,
                  std::function<void(const std::exception_ptr& thrown)> done) override {
    real_.background(std::move(work), std::move(done));
  }
  void trouble(std::string_view what, const std::exception_ptr& thrown) noexcept override {
    real_.trouble(what, thrown);
  }

  [[nodiscard]] bool frozen() const { return frozen_.has_value(); }
  /// It shows what the wall clock shows.
  [[nodiscard]] bool is_real() const { return !frozen_ && shift_ == Milliseconds{0}; }
  [[nodiscard]] Milliseconds shift() const { return shift_; }
  void freeze() {
    if (!frozen_) frozen_ = real_.now();
  }
  /// Goes on from where it stood.
  void resume() {
    if (frozen_) shift_ -= std::chrono::duration_cast<Milliseconds>(real_.now() - *frozen_);
    frozen_.reset();
  }
  void advance(Milliseconds by) {
    shift_ += by;
    if (on_advance_) on_advance_();
  }
  /// `task` runs inside every `advance`, to do what fell due in between.
  void on_advance(std::function<void()> task) { on_advance_ = std::move(task); }
  /// Back to the wall clock.
  void reset() {
    frozen_.reset();
    shift_ = Milliseconds{0};
  }

 private:
  Loop& real_;
  std::optional<TimePoint> frozen_;
  Milliseconds shift_{0};
  std::function<void()> on_advance_;
};

}  // namespace mock
