#include "find_max/step.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace loadgen {
namespace {

constexpr std::size_t measured_phase = 1;
/// From such a lag on, latency holds a share that is not the target's, as with late starts.
const double most_lag_ms = std::chrono::duration<double, std::milli>(late_after).count();

double seconds(Time::duration time) { return std::chrono::duration<double>(time).count(); }

struct Trends {
  Trend end_to_end, service;
};

Trends trends(const RunReport& report) {
  std::vector<double> due;
  std::vector<double> waited;
  std::vector<double> served;
  report.each_upload([&](const UploadResult& upload) {
    const auto end = upload.uploaded ? upload.uploaded : upload.ended;
    if (upload.phase != measured_phase || !end) return;
    due.push_back(seconds(upload.intended - report.begin));
    waited.push_back(seconds(*end - upload.intended));
    served.push_back(seconds(*end - upload.started));
  });
  return {trend_of(due, waited), trend_of(due, served)};
}

/// What makes any run bad, of the uploads that count.
void add_bad(const RunReport& report, const Stats& s, std::vector<std::string>& reasons) {
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) reasons.push_back(fmt::format("{} {}", count, what));
  };
  add(s.failed, "failed");
  add(s.lost, "lost");
  add(s.wrong, "wrong");
  add(s.interrupted, "interrupted");
  add(report.settings.verify == VerifyMethod::none ? s.unseen : s.unverified, "unverified");
  if (s.never_sent.value > 0) reasons.emplace_back("bytes acknowledged that were never sent");
  if (s.rolled_back.value > 0 && !report.settings.allow_rollback) {
    reasons.emplace_back("bytes acknowledged and then denied");
  }
}

void add_client(const RunReport& report, const Step& step, const Judge& by, const Trends& trends,
                std::vector<std::string>& signs) {
  const Settings& s = report.settings;
  const double start_lag = step.stats.start_lag.percentile_ms(99);
  const double loop_lag = step.loop_lag.percentile_ms(99);
  if (start_lag >= most_lag_ms) {
    signs.push_back(
        fmt::format("it began uploads late, by {:.0f} ms at p99 (start lag)", start_lag));
  }
  if (loop_lag >= most_lag_ms) {
    signs.push_back(fmt::format("it was behind by {:.0f} ms at p99 (loop lag)", loop_lag));
  }
  const std::uint64_t room = s.concurrency.value_or(0);
  const bool full = room > 0 && by.most_in_flight >= room;
  // Uploads that take longer and longer fill any room; that is the target's doing.
  if ((full || step.stats.not_started > 0) && !trends.service.grows(by.precision / 2)) {
    signs.push_back(fmt::format("no more than {} uploads may be in flight (--concurrency)", room));
  }
  if (s.max_connections && by.most_in_flight >= *s.max_connections) {
    signs.push_back(fmt::format("no more than {} connections may be open (--max-connections)",
                                *s.max_connections));
  }
  if (s.max_rate.value > 0 && step.stats.elapsed_s() > 0 &&
      static_cast<double>(step.stats.sent.value) / step.stats.elapsed_s() >=
          0.9 * s.max_rate.value) {
    signs.push_back("it sends no more bytes a second (--max-rate)");
  }
}

}  // namespace

bool Trend::grows(double part) const { return slope > part && slope - 2.6 * error > 0; }

Trend trend_of(const std::vector<double>& due, const std::vector<double>& times) {
  constexpr std::size_t least = 10;
  const std::size_t count = due.size();
  if (count < least) return {};
  const auto n = static_cast<double>(count);
  double mean_due = 0;
  double mean_time = 0;
  for (std::size_t i = 0; i < count; ++i) {
    mean_due += due[i] / n;
    mean_time += times[i] / n;
  }
  double due_due = 0;
  double due_time = 0;
  for (std::size_t i = 0; i < count; ++i) {
    due_due += (due[i] - mean_due) * (due[i] - mean_due);
    due_time += (due[i] - mean_due) * (times[i] - mean_time);
  }
  if (due_due <= n * 1e-6) return {};  // all at once, within a millisecond
  Trend trend;
  trend.slope = due_time / due_due;
  double left = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double off = times[i] - mean_time - trend.slope * (due[i] - mean_due);
    left += off * off;
  }
  trend.error = std::sqrt(left / (n - 2) / due_due);
  return trend;
}

Step judged(double rate, const RunReport& report, const Judge& by) {
  Step step;
  step.rate = rate;
  step.stats = report.tally.phase(measured_phase);
  step.loop_lag = report.stats.loop_lag;
  const Stats& s = step.stats;
  add_bad(report, s, step.reasons);
  const bool refused = !step.reasons.empty();
  for (const Criterion& criterion : report.settings.fail_if) {
    if (const auto value = criterion.hit(s)) {
      step.reasons.push_back(fmt::format("{} (it is {:.6g})", criterion.text(), *value));
    }
  }
  const double due = static_cast<double>(s.started + s.not_started);
  const AllowedLate& allowed = report.settings.allow_late;
  if (static_cast<double>(s.not_started) >
      std::max(static_cast<double>(allowed.count), due * allowed.percent / 100)) {
    step.reasons.push_back(fmt::format("{} were due and could not start", s.not_started));
  }
  if (report.gave_up) step.reasons.emplace_back("it got on no more (--give-up)");
  if (s.uploaded == 0) step.reasons.emplace_back("nothing was uploaded");
  const Trends growth = trends(report);
  if (growth.end_to_end.grows(by.precision / 2)) {
    step.reasons.push_back(
        fmt::format("each second uploads waited {:.0f} ms longer: more came than "
                    "were taken",
                    1000 * growth.end_to_end.slope));
  }
  step.good = step.reasons.empty();
  // Uploads that ended badly show the target's limit, whatever the client was like.
  if (!step.good && !refused) add_client(report, step, by, growth, step.client);
  return step;
}

}  // namespace loadgen
