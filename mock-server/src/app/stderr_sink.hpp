// Where log lines go: stderr, without ever waiting for whoever reads it.
#pragma once

#include <spdlog/sinks/stdout_color_sinks.h>

#include <atomic>
#include <cstdint>

namespace mock {

/// spdlog's sink for stderr, in colour on a terminal. A line that stderr does not take at once - a
/// pipe that nobody reads, a terminal that is stopped - is dropped and counted, for a server must
/// not stand still because nobody reads what it says. Any thread.
class StderrSink final : public spdlog::sinks::stderr_color_sink_mt {
 public:
  /// A line of more than PIPE_BUF bytes (pipe(7)) may have to wait after all.
  void log(const spdlog::details::log_msg& message) override;

  /// How many lines were dropped since this was last asked; 0 as long as stderr still takes no
  /// line.
  [[nodiscard]] std::uint64_t take_dropped();

 private:
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace mock
