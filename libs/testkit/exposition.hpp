// A strict reader of Prometheus' text exposition format 0.0.4, for tests of /metrics.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace testkit {

struct MetricFamily {
  std::string type;  ///< counter, gauge, histogram
  std::string help;
  /// `name{a="x",b="y"}` with the labels sorted and escaped as they came -> value.
  std::map<std::string, double> samples;
};

/// The families by name. The error names the line and what is wrong with it: a sample without its
/// family's TYPE, a family that comes twice, a bad name, escape or number, a series that comes
/// twice, a negative counter, buckets that do not grow or have no +Inf, a missing final line feed.
[[nodiscard]] tl::expected<std::map<std::string, MetricFamily>, std::string> parse_exposition(
    std::string_view text);

}  // namespace testkit
