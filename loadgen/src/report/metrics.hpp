// --metrics: the figures of a run while it goes on, as Prometheus asks for them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "protocol/error.hpp"
#include "run/run.hpp"

namespace loadgen {

/// dex_loadgen_*: few series, whatever servers say. Thread-safe. `progress` outlives it.
class RunMetrics {
 public:
  RunMetrics(const Progress& progress, const Scenario& scenario);
  void begun(const std::string& run_id);
  void ended(const UploadResult& upload);
  /// Text exposition format 0.0.4.
  [[nodiscard]] std::string text() const;

  static constexpr std::array<double, 15> bounds_s{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                   2.5,   5,    10,    30,   60,  120,  300};

 private:
  const Progress& progress_;
  std::string system_;
  std::vector<std::string> groups_;
  mutable std::mutex mutex_;
  std::string run_id_;
  std::array<std::uint64_t, bounds_s.size() + 1> durations_{};  ///< not cumulative
  double sum_s_ = 0;
};

/// Answers GET /metrics with what `text` gives, one connection at a time, on a thread of its own
/// while it lives. Requests are bounded in size and time; nothing of them is kept or told.
class MetricsServer {
 public:
  /// `where`: HOST:PORT, or PORT alone for 127.0.0.1; port 0 is any free one. An Error begins with
  /// --metrics.
  [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> open(
      const std::string& where, std::function<std::string()> text);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  /// "http://127.0.0.1:9100/metrics"
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  MetricsServer(int listener, int wake, std::string url, std::function<std::string()> text);
  void serve();
  void answer(int client);
  /// False: the client's time is over, or the server is being destroyed.
  [[nodiscard]] bool wait(int client, short events, std::chrono::steady_clock::time_point until);

  int listener_, wake_;
  std::string url_;
  std::function<std::string()> text_;
  std::thread thread_;
};

}  // namespace loadgen
