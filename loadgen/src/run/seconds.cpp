#include "run/seconds.hpp"

#include <algorithm>

namespace loadgen {

std::optional<Second> Seconds::look(Time now) {
  const auto number = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now - start_).count());
  if (number <= before_.number) return std::nullopt;
  Second sums;
  sums.number = number;
  sums.started = progress_.started;
  sums.uploaded = progress_.uploaded;
  sums.failed = progress_.failed;
  sums.sent = Bytes{progress_.sent_bytes};
  sums.acknowledged = Bytes{progress_.acknowledged_bytes};
  for (const auto& group : progress_.groups) {
    sums.groups.push_back({group.started, group.uploaded, group.failed, group.in_flight,
                           Bytes{group.acknowledged_bytes}});
  }
  Second second = sums;
  second.phase = phase_at_(std::chrono::seconds{before_.number});
  for (std::size_t i = 0; i < before_.groups.size(); ++i) {
    const auto& before = before_.groups[i];
    second.groups[i].started -= before.started;
    second.groups[i].uploaded -= before.uploaded;
    second.groups[i].failed -= before.failed;
    second.groups[i].acknowledged -= before.acknowledged;
  }
  second.started -= before_.started;
  second.uploaded -= before_.uploaded;
  second.failed -= before_.failed;
  second.sent -= before_.sent;
  second.acknowledged -= before_.acknowledged;
  second.in_flight = progress_.in_flight;
  second.start_lag_max = std::chrono::microseconds{progress_.start_lag_max_us.exchange(0)};
  second.loop_lag_max = std::chrono::microseconds{progress_.loop_lag_max_us.exchange(0)};
  second.verifying = progress_.verifying;
  if (!second.verifying) {
    slowest_ = std::min(slowest_.value_or(second.acknowledged), second.acknowledged);
    of_load_ = second.number;
  }
  before_ = sums;
  return second;
}

}  // namespace loadgen
