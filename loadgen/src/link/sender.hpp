// TCP at one end of a connection: how fast its body goes.
#pragma once

#include <cstdint>
#include <memory>

#include "link/path.hpp"
#include "payload/hash.hpp"
#include "transport/load_pace.hpp"

namespace loadgen {

/// One per connection. Opens its window from ten segments (RFC 6928), doubling it each round trip
/// until something is lost or the link is full. Then it settles at the rate and pauses of
/// TcpRegime: from above by cutting the window at each loss, from below by adding a segment each
/// round trip. It opens anew after a pause that an outage made, and after being idle. Bytes count
/// when they leave the bottleneck, so what is under way there is not yet let go. Lives on the loop
/// of its path.
class Sender final : public transport::Pacer {
 public:
  Sender(std::shared_ptr<Path> path, transport::LoadTime now);

  [[nodiscard]] std::uint64_t available(transport::LoadTime now, std::uint64_t left) override;
  [[nodiscard]] transport::LoadClock::duration wait(std::uint64_t left) const override;
  void spend(std::uint64_t bytes) override;
  [[nodiscard]] transport::LoadClock::duration silence() const override;

 private:
  enum class Phase { opening, settling, steady };

  /// Begins the first body, or one after a while without any.
  void resume(transport::LoadTime now);
  /// Adds up what may go until `now`.
  void advance(transport::LoadTime now);
  /// Sets the regime for `at_` and returns until when it holds; or begins a pause.
  [[nodiscard]] transport::LoadTime meet_spells(transport::LoadTime until);
  void pause_until(transport::LoadTime end) { paused_until_ = end; }
  /// At the rate of the regime.
  void flow(transport::LoadTime until);
  /// Window by window.
  void go_round(transport::LoadTime until);
  /// After the window of a round has gone.
  void grow();
  void open(double window, double threshold);
  /// Bytes to the next event, where one comes every `mean` bytes on average.
  [[nodiscard]] double drawn(double mean);

  std::shared_ptr<Path> path_;
  Draws draws_;
  double round_trip_;  ///< seconds
  const TcpRegime* regime_;
  double slice_;
  Phase phase_ = Phase::opening;
  double window_ = 0;
  double threshold_ = 0;  ///< above it the window grows by a segment each round
  double to_loss_;        ///< bytes
  double to_pause_;       ///< bytes
  double saved_ = 0;
  bool waiting_ = false;
  bool started_ = false;
  transport::LoadTime at_;
  transport::LoadTime round_end_;
  transport::LoadTime paused_until_;
};

}  // namespace loadgen
