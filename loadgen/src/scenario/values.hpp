// Texts of scenarios as values. An Error has no place: the caller knows it.
#pragma once

#include <string>

#include "protocol/error.hpp"
#include "scenario/scenario.hpp"

namespace loadgen {

/// "20/s", "1.5/s", "90/min": per second. A bare number is refused: its unit would be a guess.
[[nodiscard]] Result<double> parse_per_time(const std::string& text);
/// "20/s" of an open loop, or "20" at a time of a closed one; 0 is none at all.
[[nodiscard]] Result<Level> parse_level(const std::string& text);
/// "3" or "1-5": at least 1, at most 1000.
[[nodiscard]] Result<CountRange> parse_count_range(const std::string& text);
/// "2s" or "1s-5s".
[[nodiscard]] Result<TimeRange> parse_time_range(const std::string& text);
/// "30%" or "0.3": above 0, at most 1.
[[nodiscard]] Result<double> parse_share(const std::string& text);
/// A number above 0.
[[nodiscard]] Result<double> parse_factor(const std::string& text);
/// How an open loop arrives: "constant" or "poisson".
[[nodiscard]] Result<Arrival> parse_arrival(const std::string& text);

/// "3", "1-5"; "2.0 s", "1.0 s to 5.0 s"; "20 at a time", "5/s".
[[nodiscard]] std::string to_string(const CountRange& range);
[[nodiscard]] std::string to_string(const TimeRange& range);
[[nodiscard]] std::string to_string(const Level& level);

}  // namespace loadgen
