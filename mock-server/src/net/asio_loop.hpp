// The Loop of a running server, on an io_context.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "loop/loop.hpp"

namespace mock {

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(boost::asio::io_context& context);
  /// Waits for background work that has begun; what has not is dropped, and no `done` runs.
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  [[nodiscard]] TimePoint now() const override;
  void post(std::function<void()> task) override;
  [[nodiscard]] std::unique_ptr<Timer> after(Milliseconds delay,
                                             std::function<void()> task) override;
  /// From the loop's thread, or from a worker. Throws when there is no memory to ask for it, or no
  /// thread to do it; then neither `work` nor `done` runs.
  void background(std::function<void()> work,
                  std::function<void(const std::exception_ptr& thrown)> done) override;
  void trouble(std::string_view what, const std::exception_ptr& thrown) noexcept override;

  /// Jobs whose `done` has not run yet.
  [[nodiscard]] std::size_t pending() const { return pending_; }
  /// Told, on the loop, when `pending` falls to zero.
  void on_quiet(std::function<void()> told) { quiet_ = std::move(told); }
  /// Given each trouble as a line, on whatever thread it happened. Before anything runs.
  void on_trouble(std::function<void(std::string_view line)> told) { troubled_ = std::move(told); }

 private:
  struct Job;

  void start_workers();
  void carry_out(std::unique_ptr<Job> job);
  void finish(Job& job);

  boost::asio::io_context& context_;
  boost::asio::io_context work_context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> workers_;  // made when first needed
  std::atomic<std::size_t> pending_ = 0;
  std::function<void()> quiet_;
  std::function<void(std::string_view)> troubled_;
};

}  // namespace mock
