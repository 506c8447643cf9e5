#include "find_max/told.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "stats/criterion.hpp"

namespace loadgen {
namespace {

using Json = nlohmann::ordered_json;

/// Reasons hold what a target said.
std::string harmless(const std::string& text, const redact::Secrets& secrets) {
  return redact::printable(secrets.mask(text));
}

std::string rate_of(double rate) { return fmt::format("{:.4g}/s", rate); }

const Step* decisive(const Found& found) {
  if (!found.worst) return nullptr;
  const auto bad = [&](const Step& step) { return step.rate == *found.worst && !step.good; };
  const auto client = [&](const Step& step) { return bad(step) && !step.client.empty(); };
  auto at = found.steps.end();
  if (found.limit == Found::Limit::client) at = std::ranges::find_if(found.steps, client);
  if (at == found.steps.end()) at = std::ranges::find_if(found.steps, bad);
  return at == found.steps.end() ? nullptr : &*at;
}

std::string milliseconds(double value) {
  return fmt::format("{:.{}f} ms", value, value < 100 ? 1 : 0);
}

constexpr const char* head =
    "     rate    verdict  uploads   completed         p50         p99    loop lag  why";

}  // namespace

std::string line_of(const Step& step, const redact::Secrets& secrets) {
  const Stats& s = step.stats;
  const double completed = s.elapsed_s() > 0 ? static_cast<double>(s.uploaded) / s.elapsed_s() : 0;
  auto line = fmt::format(
      "{:>9}  {:>9}  {:>7}  {:>10}  {:>10}  {:>10}  {:>10}  {}", rate_of(step.rate),
      step.good             ? "good"
      : step.client.empty() ? "too much"
                            : "client",
      s.started, rate_of(completed), milliseconds(s.end_to_end.percentile_ms(50)),
      milliseconds(s.end_to_end.percentile_ms(99)), milliseconds(step.loop_lag.percentile_ms(99)),
      harmless(fmt::format("{}", fmt::join(step.reasons, "; ")), secrets));
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string verdict(const Found& found) {
  const Step* const bad = decisive(found);
  const auto why = [&](const std::vector<std::string>& reasons) {
    return harmless(fmt::format("{}", fmt::join(reasons, ", ")), found.secrets);
  };
  if (found.stopped) {
    return fmt::format("not found: {}{}", harmless(found.stopped->error.line(), found.secrets),
                       found.best ? fmt::format("; {} is good", rate_of(*found.best)) : "");
  }
  switch (found.limit) {
    case Found::Limit::target:
      return fmt::format("{} is good, and {} is too much: {}", rate_of(*found.best),
                         rate_of(*found.worst), bad != nullptr ? why(bad->reasons) : "");
    case Found::Limit::client:
      return fmt::format(
          "the client itself is the limit, not the target{}: at {} {} (give it more: --threads, a "
          "machine of its own, or less of a ceiling)",
          found.best ? fmt::format(", for which {} is good", rate_of(*found.best)) : "",
          rate_of(*found.worst), bad != nullptr ? why(bad->client) : "");
    case Found::Limit::bound:
      return fmt::format("{} is good, and nothing above it was to be tried (--to)",
                         rate_of(*found.best));
    case Found::Limit::below:
      return fmt::format("not even {} is good: {}", rate_of(*found.worst),
                         bad != nullptr ? why(bad->reasons) : "");
  }
  return "";
}

std::string terminal_text(const Found& found, const std::string& target) {
  std::string out = verdict(found) + "\n\n";
  out += fmt::format("target  {}\n\n{}\n", harmless(target, found.secrets), head);
  auto steps = found.steps;
  std::ranges::stable_sort(steps, {}, &Step::rate);
  for (const Step& step : steps) out += line_of(step, found.secrets) + "\n";
  out += fmt::format(
      "(each {} after {} of warming up; p50, p99: from when an upload was due to its last byte)\n",
      ::to_string(found.options.step), ::to_string(found.options.warm_up));
  return out + "\n" + verdict(found) + "\n";
}

std::string found_json(const Found& found, const Scenario& given, const std::string& target) {
  const auto rate = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  const auto texts = [&](const std::vector<std::string>& list) {
    Json all = Json::array();
    for (const auto& text : list) all.push_back(found.secrets.mask(text));
    return all;
  };
  Json thresholds = Json::array();
  for (const Criterion& criterion : given.settings.fail_if) thresholds.push_back(criterion.text());
  Json root{{"tool", "dex-loadgen find-max"},
            {"format", 1},
            {"version", harness_version()},
            {"target", found.secrets.mask(target)},
            {"system", given.settings.system->name},
            {"exit_code", static_cast<int>(found.exit_code())},
            {"verdict", verdict(found)},
            {"complete", !found.stopped},
            {"rate_per_s", rate(found.best)},
            {"above_per_s", rate(found.worst)},
            {"limited_by", to_string(found.limit)},
            {"thresholds", thresholds},
            {"from_per_s", found.options.bounds.from},
            {"to_per_s", found.options.bounds.to},
            {"precision", found.options.bounds.precision},
            {"warm_up_ms", found.options.warm_up.count()},
            {"step_ms", found.options.step.count()}};
  Json& steps = root["steps"] = Json::array();
  for (const Step& step : found.steps) {
    Json summary;
    for (const auto& [name, value] : summary_fields(step.stats)) summary[name] = value;
    steps.push_back({{"rate_per_s", step.rate},
                     {"good", step.good},
                     {"reasons", texts(step.reasons)},
                     {"client", texts(step.client)},
                     {"loop_lag_p99_ms", step.loop_lag.percentile_ms(99)},
                     {"summary", std::move(summary)}});
  }
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace loadgen
