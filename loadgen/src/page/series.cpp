#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "html/plot.hpp"
#include "page/buckets.hpp"
#include "page/findings.hpp"
#include "page/page.hpp"
#include "page/stalls.hpp"

namespace loadgen {
namespace {

/// The most points of a plot; with more seconds than that, some are summed up.
constexpr std::size_t most_points = 240;
constexpr double mib = 1U << 20U;

/// Some seconds, one after the other.
struct Slot {
  explicit Slot(std::chrono::microseconds largest) : end_to_end(largest) {}
  double end = 0;      ///< seconds from the start
  double seconds = 0;  ///< how many
  std::uint64_t in_flight = 0, started = 0, uploaded = 0, failed = 0;
  double acknowledged = 0, sent = 0;
  double loop_lag_ms = 0, start_lag_ms = 0;
  Buckets end_to_end;
  std::vector<double> of_groups;  ///< acknowledged
};

std::vector<Slot> slots_of(const Results& results) {
  const auto& seconds = results.seconds;
  // Verification is not the load.
  const auto end = std::ranges::find_if(
      seconds, [](const SecondResults& second) { return second.figures.verifying; });
  const auto count = static_cast<std::size_t>(end - seconds.begin());
  const std::size_t each = (count + most_points - 1) / most_points;
  std::vector<Slot> slots;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % each == 0) slots.emplace_back(results.stats.end_to_end.max());
    const Second& s = seconds[i].figures;
    Slot& slot = slots.back();
    slot.end = static_cast<double>(s.number);
    slot.seconds += static_cast<double>(s.number - before);
    before = s.number;
    slot.in_flight = std::max(slot.in_flight, s.in_flight);
    slot.started += s.started;
    slot.uploaded += s.uploaded;
    slot.failed += s.failed;
    slot.acknowledged += static_cast<double>(s.acknowledged.value);
    slot.sent += static_cast<double>(s.sent.value);
    const auto ms = [](std::chrono::microseconds time) {
      return static_cast<double>(time.count()) / 1000;
    };
    slot.loop_lag_ms = std::max(slot.loop_lag_ms, ms(s.loop_lag_max));
    slot.start_lag_ms = std::max(slot.start_lag_ms, ms(s.start_lag_max));
    slot.end_to_end.add(seconds[i].end_to_end);
    slot.of_groups.resize(s.groups.size());
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      slot.of_groups[g] += static_cast<double>(s.groups[g].acknowledged.value);
    }
  }
  return slots;
}

/// Groups by their number.
using Shown = std::vector<std::size_t>;

/// Whom an event is about: a region, or groups; empty: all.
std::string whom(const EventResults& event) {
  if (!event.region.empty()) return event.region;
  return event.partners.size() <= 3 ? fmt::format("{}", fmt::join(event.partners, ", "))
                                    : fmt::format("{} groups", event.partners.size());
}

/// The groups in `shown` that an event concerns, unless it concerns all of them.
std::string whom_of(const Results& results, const EventResults& event, const Shown& shown) {
  std::vector<std::string> names;
  for (const std::size_t g : shown) {
    if (event.concerns(results.groups[g])) names.push_back(results.groups[g].name);
  }
  return names.size() == shown.size() ? whom(event) : fmt::format("{}", fmt::join(names, ", "));
}

/// `shown`: the groups that a plot shows; empty: it is not by groups, and every event belongs to
/// it.
std::vector<html::Mark> marks_of(const Results& results, const Shown& shown) {
  std::vector<html::Mark> marks;
  const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1000; };
  if (results.phases.size() > 1) {
    for (const PhaseResults& phase : results.phases) {
      marks.push_back({seconds(phase.begin), 0, phase.name});
    }
  }
  for (const EventResults& event : results.events) {
    const auto concerned = [&](std::size_t g) { return event.concerns(results.groups[g]); };
    if (!shown.empty() && std::ranges::none_of(shown, concerned)) continue;
    const double at = seconds(event.at);
    // A moment is seen as well.
    const double to = at + std::max(seconds(event.lasts), 0.2);
    std::string text = event.event;
    if (event.status != 0) text += fmt::format(" {}", event.status);
    const std::string of = shown.empty() ? whom(event) : whom_of(results, event, shown);
    if (!of.empty()) text += ": " + of;
    marks.push_back({at, to, std::move(text)});
  }
  return marks;
}

class Plots {
 public:
  Plots(const Results& results, std::string prefix)
      : results_(results), prefix_(std::move(prefix)), slots_(slots_of(results)) {}

  [[nodiscard]] bool any() const { return slots_.size() > 1; }
  [[nodiscard]] std::string each() const {
    const double seconds = slots_.front().seconds;
    const double end = slots_[slots_.size() / 2].end;
    return fmt::format("Each point tells of the time before it: the one at {} is from {} to there.",
                       html::time_text(end), html::time_text(end - seconds));
  }

  template <class Value>
  void add(html::TimePlot& plot, std::string name, Value value) const {
    html::Series series{std::move(name), {}};
    for (const Slot& slot : slots_) series.values.push_back(value(slot));
    plot.series.push_back(std::move(series));
  }
  [[nodiscard]] html::TimePlot start(const char* id, std::string title, std::string unit,
                                     const Shown& shown = {}) const {
    html::TimePlot plot;
    plot.id = prefix_ + id;
    plot.title = std::move(title);
    plot.unit = std::move(unit);
    plot.marks = marks_of(results_, shown);
    for (const Slot& slot : slots_) plot.at.push_back(slot.end);
    return plot;
  }

  [[nodiscard]] html::Markup goodput() const {
    auto plot = start("goodput", "Throughput", "MiB/s");
    add(plot, "sent", [](const Slot& s) { return s.sent / mib / s.seconds; });
    add(plot, "acknowledged", [](const Slot& s) { return s.acknowledged / mib / s.seconds; });
    std::swap(plot.series[0], plot.series[1]);
    const auto best = std::ranges::max_element(
        slots_, {}, [](const Slot& s) { return s.acknowledged / s.seconds; });
    plot.description = "Bytes that the server acknowledged, and bytes that were sent";
    // A second that makes up for a stop is no figure of what the server can do.
    plot.description +=
        makes_up_for(*best)
            ? "."
            : fmt::format(": most was acknowledged at {}, {} MiB/s.", html::time_text(best->end),
                          html::number_text(best->acknowledged / mib / best->seconds));
    for (const Standstill& one : standstills(results_)) {
      if (one.to - one.from < 2) continue;
      plot.description +=
          fmt::format(" Nothing from {} to {}.", html::time_text(static_cast<double>(one.from)),
                      html::time_text(static_cast<double>(one.to)));
      if (plot.description.size() > 400) break;
    }
    return html::plot(plot);
  }
  /// Whether it lies in a stall, a standstill or an event, or right behind one.
  [[nodiscard]] bool makes_up_for(const Slot& slot) const {
    const double begin = slot.end - slot.seconds;
    const auto near = [&](double from, double to) { return slot.end > from && begin < to + 2; };
    const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1000; };
    const auto after = [&](const auto& one) {
      return near(static_cast<double>(one.from), static_cast<double>(one.to));
    };
    return std::ranges::any_of(results_.events,
                               [&](const EventResults& event) {
                                 return near(seconds(event.at), seconds(event.end()));
                               }) ||
           std::ranges::any_of(stalls(results_), after) ||
           std::ranges::any_of(standstills(results_), after);
  }
  [[nodiscard]] html::Markup in_flight() const {
    auto plot = start("in-flight", "Uploads in flight", "uploads");
    add(plot, "in flight", [](const Slot& s) { return static_cast<double>(s.in_flight); });
    const auto most = std::ranges::max_element(slots_, {}, &Slot::in_flight);
    plot.description = fmt::format("At the end of each second. Most, {}, were open at {}.",
                                   most->in_flight, html::time_text(most->end));
    return html::plot(plot);
  }
  [[nodiscard]] html::Markup rates() const {
    auto plot = start("rates", "Starts and ends", "uploads a second");
    add(plot, "started", [](const Slot& s) { return static_cast<double>(s.started) / s.seconds; });
    add(plot, "uploaded",
        [](const Slot& s) { return static_cast<double>(s.uploaded) / s.seconds; });
    std::uint64_t failed = 0;
    for (const Slot& slot : slots_) failed += slot.failed;
    if (failed > 0) {
      add(plot, "failed", [](const Slot& s) { return static_cast<double>(s.failed) / s.seconds; });
    }
    plot.description = fmt::format(
        "Where fewer end than start, uploads pile up. {} failed in the time of the load.", failed);
    return html::plot(plot);
  }
  [[nodiscard]] html::Markup latency() const {
    auto plot = start("latency", "Latency, end to end", "seconds");
    add(plot, "p50", [](const Slot& s) { return s.end_to_end.percentile_ms(50) / 1000; });
    add(plot, "p99", [](const Slot& s) { return s.end_to_end.percentile_ms(99) / 1000; });
    plot.description =
        "Of the uploads that ended then, from when they were due to their last byte: half of them "
        "took at most p50, 99 of 100 at most p99.";
    return html::plot(plot);
  }
  [[nodiscard]] html::Markup by_group() const {
    const std::size_t groups = std::min<std::size_t>(slots_.front().of_groups.size(), 6);
    if (groups < 2) return {};
    Shown shown(groups);
    std::iota(shown.begin(), shown.end(), std::size_t{0});
    auto plot = start("groups", "Throughput by group of partners", "MiB/s", shown);
    for (std::size_t g = 0; g < groups; ++g) {
      add(plot, results_.groups[g].name,
          [g](const Slot& s) { return s.of_groups.at(g) / mib / s.seconds; });
    }
    plot.description = "Bytes of each group that the server acknowledged.";
    return html::plot(plot);
  }
  [[nodiscard]] html::Markup lag() const {
    auto plot = start("lag", "Lag of this machine", "ms");
    add(plot, "loop lag", [](const Slot& s) { return s.loop_lag_ms; });
    add(plot, "start lag", [](const Slot& s) { return s.start_lag_ms; });
    plot.description =
        "The most in each second: how late a timer of the loop fired, and an upload started. What "
        "stands here is not the server's.";
    return html::plot(plot);
  }

 private:
  const Results& results_;
  std::string prefix_;
  std::vector<Slot> slots_;
};

}  // namespace

html::Markup series_of(const Results& results, const std::string& prefix) {
  const Plots plots(results, prefix);
  if (!plots.any()) {
    return html::paragraph("The load was over within two seconds: there is no series to show.");
  }
  return html::paragraph(plots.each()) + plots.goodput() + plots.in_flight() + plots.latency() +
         plots.rates() + plots.by_group() + plots.lag();
}

}  // namespace loadgen
