// What is told while a run goes on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "run/run.hpp"

namespace loadgen {

/// One line of less than 80 columns, without LF.
[[nodiscard]] std::string progress_line(const Progress& progress, double elapsed_s,
                                        std::optional<std::uint64_t> uploads);

/// The same while the load is yet to begin.
[[nodiscard]] std::string waiting_line(Duration left);

struct ProgressPace {
  bool rewrites = false;  ///< one line of a terminal, over and over; false: a line each time
  std::chrono::milliseconds first, then;
};
/// Four times a second from two seconds on, or each ten seconds where there is no terminal.
[[nodiscard]] ProgressPace pace_of(bool terminal);

/// Writes from a thread of its own until it is destroyed. `progress` and `to` outlive it.
class ProgressLine {
 public:
  ProgressLine(const Progress& progress, std::optional<std::uint64_t> uploads, ProgressPace pace,
               std::FILE* to);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

 private:
  void write(const Progress& progress, std::optional<std::uint64_t> uploads, ProgressPace pace,
             std::FILE* to);

  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace loadgen
