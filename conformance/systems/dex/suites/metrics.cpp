// The families of /metrics (area dex-metrics).
#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

using Labels = std::map<std::string, std::string, std::less<>>;

struct Series {
  std::string name;
  Labels labels;
  double value = 0;
};

/// What /metrics said, in Prometheus text format 0.0.4.
struct Metrics {
  std::map<std::string, std::string, std::less<>> types;  ///< by family
  std::vector<Series> series;
};

/// Takes what stands before `end` from `text`, and `end` with it; nullopt when it is not there.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return taken;
}

/// `text` begins after the opening quotation mark of a value, and afterwards after the closing one.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\') {
      text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
    }
    value += text.front();
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return value;
}

/// `name{label="value",...} 1` or `name 1`.
std::optional<Series> series_in(std::string_view line) {
  Series series;
  const auto brace = line.find('{');
  if (brace != std::string_view::npos) {
    series.name = *take_until(line, "{");
    while (!line.empty() && line.front() != '}') {
      const auto name = take_until(line, "=\"");
      if (!name) return std::nullopt;
      auto value = take_value(line);
      if (!value) return std::nullopt;
      series.labels.insert_or_assign(std::string{*name}, *std::move(value));
      if (line.starts_with(',')) line.remove_prefix(1);
    }
    if (!take_until(line, "} ")) return std::nullopt;
  } else if (const auto name = take_until(line, " ")) {
    series.name = *name;
  } else {
    return std::nullopt;
  }
  const auto* const end = line.data() + line.size();
  if (std::from_chars(line.data(), end, series.value).ec != std::errc{}) return std::nullopt;
  return series;
}

Metrics metrics_in(std::string_view text) {
  Metrics metrics;
  while (auto line = take_until(text, "\n")) {
    if (line->starts_with("# TYPE ")) {
      line->remove_prefix(7);
      if (const auto family = take_until(*line, " ")) {
        metrics.types.insert_or_assign(std::string{*family}, std::string{*line});
      }
    } else if (!line->starts_with('#')) {
      if (auto series = series_in(*line)) metrics.series.push_back(*std::move(series));
    }
  }
  return metrics;
}

Metrics metrics_of(Context& c) {
  const auto response = c.get(dex_target(c).metrics_url);
  needs_published(c, response, "/metrics");
  if (response.status != 200) {
    stop_blocked("GET /metrics is 200, which DEX-ROUTE-004 judges", code(response));
  }
  return metrics_in(response.body);
}

/// Checks the family's type, and that it has a series with these labels and no others; of a
/// histogram only its _count is looked at.
void expect_family(Findings& findings, const Metrics& metrics, const std::string& family,
                   const std::string& type, const std::vector<std::string>& labels) {
  const auto known = metrics.types.find(family);
  if (known == metrics.types.end()) {
    findings.check(false, family + " is missing");
    return;
  }
  const auto name = family + (type == "histogram" ? "_count" : "");
  const auto has_labels = [&](const Series& series) {
    return series.name == name && series.labels.size() == labels.size() &&
           std::all_of(labels.begin(), labels.end(),
                       [&](const auto& label) { return series.labels.contains(label); });
  };
  const bool labelled = std::any_of(metrics.series.begin(), metrics.series.end(), has_labels);
  findings.check(known->second == type && labelled,
                 family + " is a " + known->second +
                     (labelled ? "" : " without series of the labels that it should have"));
}

/// The sum of dex_server_deliveries_total over all series whose result is one of `results`.
double attempts(const Metrics& metrics, const std::vector<std::string_view>& results) {
  double sum = 0;
  for (const auto& series : metrics.series) {
    if (series.name != "dex_server_deliveries_total") continue;
    const auto result = series.labels.find("result");
    if (result == series.labels.end()) continue;
    if (std::count(results.begin(), results.end(), result->second) > 0) sum += series.value;
  }
  return sum;
}

Outcome metrics_tell_of_deliveries(Context& c) {
  static_cast<void>(await_deliveries(c, create_complete(c, letters(10))));
  const auto metrics = metrics_of(c);
  Findings findings{
      "/metrics has dex_server_active_deliveries, a gauge by target, "
      "dex_server_deliveries_total, a counter by target and result, and "
      "dex_server_delivery_speed_bytes_per_second, a histogram by target"};
  expect_family(findings, metrics, "dex_server_active_deliveries", "gauge", {"target"});
  expect_family(findings, metrics, "dex_server_deliveries_total", "counter", {"target", "result"});
  expect_family(findings, metrics, "dex_server_delivery_speed_bytes_per_second", "histogram",
                {"target"});
  return findings.outcome();
}

Outcome metrics_tell_of_events_and_queue(Context& c) {
  static_cast<void>(await_deliveries(c, create_complete(c, letters(10))));
  const auto metrics = metrics_of(c);
  Findings findings{
      "/metrics has dex_server_events_total, a counter by type and op, and "
      "dex_server_queue_messages, a gauge by queue"};
  expect_family(findings, metrics, "dex_server_events_total", "counter", {"type", "op"});
  expect_family(findings, metrics, "dex_server_queue_messages", "gauge", {"queue"});
  return findings.outcome();
}

Outcome delivery_counted_at_start_and_end(Context& c) {
  needs_delivery_targets(c);
  const auto before = metrics_of(c);
  static_cast<void>(await_deliveries(c, create_complete(c, letters(10))));
  const auto risen = [&](const Metrics& now, const std::vector<std::string_view>& results) {
    return attempts(now, results) > attempts(before, results);
  };
  const std::vector<std::string_view> started{"started"};
  const std::vector<std::string_view> ended{"completed", "failed"};
  // /info may tell the end of a delivery before it is counted.
  Metrics now;
  c.eventually(status_deadline, [&] {
    now = metrics_of(c);
    return risen(now, ended);
  });
  Findings findings{
      "a delivery is counted in dex_server_deliveries_total: as started, and as completed or "
      "failed"};
  for (const auto& [word, results] : {std::pair{"started", started}, {"ended", ended}}) {
    const bool counted = risen(now, results);
    findings.check(counted, std::string{word} + (counted ? ": counted" : ": not counted"));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_metrics() {
  return {
      {"DEX-METRICS-001", metrics_tell_of_deliveries, ext::creation},
      {"DEX-METRICS-002", metrics_tell_of_events_and_queue, ext::creation},
      {"DEX-METRICS-003", delivery_counted_at_start_and_end, ext::creation},
  };
}

}  // namespace conformance::suites
