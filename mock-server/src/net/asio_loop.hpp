// The Loop of a running server, on an io_context.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "loop/loop.hpp"

namespace mock {

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(boost::asio::io_context& context) : context_(context) {}
  /// Waits for background work that has begun; what has not is dropped, and no `done` runs.
  ~AsioLoop() override;

  [[nodiscard]] TimePoint now() const override;
  void post(std::function<void()> task) override;
  [[nodiscard]] std::unique_ptr<Timer> after(Milliseconds delay,
                                             std::function<void()> task) override;
  /// From the loop's thread, or from a worker.
  void background(std::function<void()> work, std::function<void()> done) override;

  /// Jobs whose `done` has not run yet.
  [[nodiscard]] std::size_t pending() const { return pending_; }
  /// Told, on the loop, when `pending` falls to zero.
  void on_quiet(std::function<void()> told) { quiet_ = std::move(told); }

 private:
  boost::asio::io_context& context_;
  std::optional<boost::asio::thread_pool> workers_;  // made when first needed
  std::atomic<std::size_t> pending_ = 0;
  std::function<void()> quiet_;
};

}  // namespace mock
