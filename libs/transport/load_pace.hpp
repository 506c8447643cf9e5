// How fast a line is, whatever goes over it.
#pragma once

#include <cstdint>

#include "protocol/units.hpp"
#include "transport/load_timers.hpp"

namespace transport {

/// Says when bytes of a body may go. Asked by the engine on its thread; not thread-safe.
class Pacer {
 public:
  Pacer() = default;
  virtual ~Pacer() = default;
  Pacer(const Pacer&) = default;
  Pacer& operator=(const Pacer&) = default;

  /// How many bytes may go at `now` of a body that has `left` to go, which is more than 0. 0: not
  /// before `wait` is over.
  [[nodiscard]] virtual std::uint64_t available(LoadTime now, std::uint64_t left) = 0;
  [[nodiscard]] virtual LoadClock::duration wait(std::uint64_t left) const = 0;
  /// Counts bytes that went.
  virtual void spend(std::uint64_t bytes) = 0;
  /// When `available` said 0: how long the line will give nothing through from then on, so that the
  /// client sees no progress. A line that is only slow has no silence.
  [[nodiscard]] virtual LoadClock::duration silence() const { return LoadClock::duration{0}; }
};

/// A token bucket: requests that share one never send more than `rate` times the time since it was
/// made, however many they are. While nobody waits, at most one slice (a twentieth of a second of
/// the line, or 1 KiB) is saved up. Not thread-safe.
class Pace final : public Pacer {
 public:
  /// `rate` is above 0.
  Pace(BytesPerSecond rate, LoadTime start);
  /// With slices of so many bytes.
  Pace(BytesPerSecond rate, LoadTime start, double slice);

  /// 0: less than a slice (or than `left`) has come together.
  [[nodiscard]] std::uint64_t available(LoadTime now, std::uint64_t left) override;
  [[nodiscard]] LoadClock::duration wait(std::uint64_t left) const override;
  /// More than was available is a debt, which the next ones wait for.
  void spend(std::uint64_t bytes) override;

 private:
  [[nodiscard]] double due(std::uint64_t left) const;
  void refill(LoadTime now);

  double rate_;
  double slice_;
  double saved_ = 0;
  LoadTime at_;
  bool waiting_ = false;
};

}  // namespace transport
