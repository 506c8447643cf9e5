// A connection that its client has left, and that goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "transport/load_engine.hpp"

namespace loadgen {

/// The body of such a request, and its pace. When only `left` bytes before its cut are still to go,
/// they are read from the client at once, and the client is told of the cut. They then go by
/// themselves, evenly over `time`: they stand for what the system has in its buffers and a network
/// in its queues when an application gives up. The client is not touched after that. Lives on one
/// loop.
class Zombie final : public transport::Pacer {
 public:
  /// The least that is kept for a zombie, if its body is that long.
  static constexpr Bytes least{64U << 10U};

  /// `request.cut` is set. `turned` is called once, from within `read` or `turn`.
  Zombie(const transport::LoadRequest& request, Bytes left, Milliseconds time,
         transport::LoadTime now, std::function<void()> turned);

  /// What paces the body until the client leaves.
  void go_by(std::shared_ptr<transport::Pacer> line) { before_ = std::move(line); }
  std::size_t read(Bytes at, std::span<std::byte> into);
  /// The client leaves now.
  void turn();
  [[nodiscard]] bool has_turned() const { return !turned_; }

  [[nodiscard]] std::uint64_t available(transport::LoadTime now, std::uint64_t left) override;
  [[nodiscard]] transport::LoadClock::duration wait(std::uint64_t left) const override;
  void spend(std::uint64_t bytes) override;
  [[nodiscard]] transport::LoadClock::duration silence() const override;

 private:
  std::function<std::size_t(Bytes at, std::span<std::byte> into)> source_;
  std::shared_ptr<transport::Pacer> before_;  ///< null: unlimited
  Bytes from_, to_;                           ///< of the body, what goes by itself
  Milliseconds time_;
  transport::LoadTime now_;  ///< as the loop said last
  std::function<void()> turned_;
  std::string buffer_;
  std::optional<transport::Pace> after_;
};

/// Lets `line` pace the body of `request`: all of it, or for a zombie the part until its client
/// leaves.
inline void give_pace(transport::LoadRequest& request, std::shared_ptr<transport::Pacer> line) {
  if (auto* const zombie = dynamic_cast<Zombie*>(request.pace.get())) {
    zombie->go_by(std::move(line));
  } else {
    request.pace = std::move(line);
  }
}

}  // namespace loadgen
