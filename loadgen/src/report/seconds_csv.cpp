#include "report/seconds_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/csv.hpp"

namespace loadgen {

std::string seconds_csv_head(const Scenario& scenario) {
  std::string head =
      "second,started,uploaded,failed,in_flight,sent,acknowledged,start_lag_max_ms,"
      "loop_lag_max_ms,phase";
  if (scenario.groups.size() > 1) {
    for (const Group& group : scenario.groups) {
      for (const char* figure : {"started", "uploaded", "failed", "in_flight", "acknowledged"}) {
        head += fmt::format(",{} {}", group.name, figure);
      }
    }
  }
  return head + "\r\n";
}

std::string seconds_csv_line(const Second& s, const Scenario& scenario) {
  const auto ms = [](std::chrono::microseconds time) {
    return static_cast<double>(time.count()) / 1000;
  };
  std::string line =
      fmt::format("{},{},{},{},{},{},{},{:.3f},{:.3f},{}", s.number, s.started, s.uploaded,
                  s.failed, s.in_flight, s.sent.value, s.acknowledged.value, ms(s.start_lag_max),
                  ms(s.loop_lag_max), scenario.phases.at(s.phase).name);
  if (s.groups.size() > 1) {
    for (const auto& group : s.groups) {
      fmt::format_to(std::back_inserter(line), ",{},{},{},{},{}", group.started, group.uploaded,
                     group.failed, group.in_flight, group.acknowledged.value);
    }
  }
  return line + "\r\n";
}

Result<Second> read_seconds_csv_line(std::string_view line, const Scenario& scenario) {
  csv::Fields fields(line);
  Second s;
  s.number = fields.number();
  constexpr std::uint64_t century = 3'155'760'000;
  if (s.number > century) fields.spoil("no run lasts that long");
  s.started = fields.number();
  s.uploaded = fields.number();
  s.failed = fields.number();
  s.in_flight = fields.number();
  s.sent = Bytes{fields.number()};
  s.acknowledged = Bytes{fields.number()};
  s.start_lag_max = fields.milliseconds();
  s.loop_lag_max = fields.milliseconds();
  const auto phase = std::ranges::find(scenario.phases, fields.text(), &Phase::name);
  if (phase == scenario.phases.end()) fields.spoil("the phase is none of the scenario");
  s.phase = static_cast<std::size_t>(phase - scenario.phases.begin());
  s.groups.resize(scenario.groups.size());
  if (s.groups.size() > 1) {
    for (auto& group : s.groups) {
      group.started = fields.number();
      group.uploaded = fields.number();
      group.failed = fields.number();
      group.in_flight = fields.number();
      group.acknowledged = Bytes{fields.number()};
    }
  }
  if (const auto good = fields.end(); !good) return tl::unexpected(good.error());
  return s;
}

}  // namespace loadgen
