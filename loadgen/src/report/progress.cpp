#include "report/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace loadgen {

std::string progress_line(const Progress& p, double elapsed_s,
                          std::optional<std::uint64_t> uploads) {
  constexpr std::size_t columns = 80;
  std::string line = fmt::format("{:5.1f} s  ", elapsed_s);
  const auto uploaded = p.uploaded.load();
  if (p.verifying)
    return line + fmt::format("verifying {} uploads, {} good", uploaded, p.verified.load());
  const auto acknowledged = p.acknowledged_bytes.load();
  // Uploads whose last byte was acknowledged, and which wait for what follows.
  const std::uint64_t before = p.in_flight + uploaded + p.failed;
  const std::uint64_t started = p.started;
  const std::uint64_t awaited = started > before ? started - before : 0;
  line += fmt::format("{}{} ok", uploaded, uploads ? fmt::format("/{}", *uploads) : "");
  // The most telling first: what does not fit is left out.
  for (const auto& part :
       {fmt::format(", {} open", p.in_flight.load()),
        awaited > 0 ? fmt::format(", {} awaited", awaited) : "",
        fmt::format(", {} bad", p.failed.load()),
        fmt::format(", {} sent", to_string(Bytes{p.sent_bytes.load()})),
        fmt::format(", {} acked", to_string(Bytes{acknowledged})),
        fmt::format(
            ", {:.1f} MiB/s",
            elapsed_s > 0 ? static_cast<double>(acknowledged) / (1U << 20U) / elapsed_s : 0.0)}) {
    if (line.size() + part.size() < columns) line += part;
  }
  return line;
}

std::string waiting_line(Duration left) {
  return fmt::format("ready; starts in {:.1f} s", std::chrono::duration<double>(left).count());
}

ProgressPace pace_of(bool terminal) {
  using std::chrono::milliseconds;
  if (terminal) return {true, milliseconds{2000}, milliseconds{250}};
  return {false, milliseconds{10'000}, milliseconds{10'000}};
}

ProgressLine::ProgressLine(const Progress& progress, std::optional<std::uint64_t> uploads,
                           ProgressPace pace, std::FILE* to)
    : thread_([this, &progress, uploads, pace, to] { write(progress, uploads, pace, to); }) {}

void ProgressLine::write(const Progress& progress, std::optional<std::uint64_t> uploads,
                         ProgressPace pace, std::FILE* to) {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  auto wait = pace.first;
  bool drawn = false;
  while (!wake_.wait_for(lock, wait, [this] { return done_; })) {
    wait = pace.then;
    const auto now = std::chrono::steady_clock::now();
    const auto starts = std::max(begin, Time{Duration{progress.starts_at.load()}});
    const std::chrono::duration<double> elapsed = now - starts;
    const std::string text = starts > now ? waiting_line(starts - now)
                                          : progress_line(progress, elapsed.count(), uploads);
    fmt::print(to, "{}{}{}", pace.rewrites ? "\r\x1b[K" : "", text, pace.rewrites ? "" : "\n");
    std::fflush(to);
    drawn = pace.rewrites;
  }
  if (drawn) fmt::print(to, "\r\x1b[K");
}

ProgressLine::~ProgressLine() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

}  // namespace loadgen
