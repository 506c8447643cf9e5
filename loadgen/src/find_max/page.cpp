#include "find_max/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "find_max/told.hpp"
#include "html/page.hpp"
#include "protocol/version.hpp"

namespace loadgen {
namespace {

using html::Align;
using html::Markup;
using html::Tone;

Tone tone_of(const Step& step) {
  if (step.good) return Tone::good;
  return step.client.empty() ? Tone::bad : Tone::warning;
}

/// p99 of each step over its rate, both from 0.
Markup curve(const std::vector<Step>& steps) {
  constexpr double width = 560;
  constexpr double height = 180;
  double most_rate = 1e-9;
  double most_ms = 1e-9;
  for (const Step& step : steps) {
    most_rate = std::max(most_rate, step.rate);
    most_ms = std::max(most_ms, step.stats.end_to_end.percentile_ms(99));
  }
  Markup points;
  for (const Step& step : steps) {
    const double x = 8 + (width - 16) * step.rate / most_rate;
    const double y = height - 8 - (height - 32) * step.stats.end_to_end.percentile_ms(99) / most_ms;
    points += html::leaf("circle", {{"class", step.good ? "fgood" : "fbad"},
                                    {"cx", fmt::format("{:.1f}", x)},
                                    {"cy", fmt::format("{:.1f}", y)},
                                    {"r", step.good ? "4" : "6"}});
  }
  const auto told = fmt::format(
      "p99 of up to {:.0f} ms, at rates of up to {:.4g}/s (small dots are "
      "good, large ones are not)",
      most_ms, most_rate);
  return html::tag("figure",
                   html::tag("figcaption", "Latency over rate") +
                       html::tag("svg",
                                 {{"viewBox", fmt::format("0 0 {} {}", width, height)},
                                  {"role", "img"},
                                  {"aria-label", told}},
                                 html::tag("text", {{"x", "2"}, {"y", "12"}}, told) + points));
}

}  // namespace

std::string found_page(const Found& found, const std::string& target) {
  html::Page page;
  page.title = "dex-loadgen: the highest rate";
  page.verdict = verdict(found);
  page.tone = found.exit_code() != ExitCode::good   ? Tone::bad
              : found.limit == Found::Limit::client ? Tone::warning
                                                    : Tone::good;
  const auto rate = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4g}/s", *value) : std::string("none");
  };
  page.lead = html::facts({{"target", found.secrets.mask(target)},
                           {"highest rate that is good", rate(found.best)},
                           {"lowest rate that is not", rate(found.worst)},
                           {"limited by", std::string(to_string(found.limit))}});
  html::Table table{"Each rate that was tried, in this order",
                    {{"rate", Align::number},
                     {"it is"},
                     {"uploads", Align::number},
                     {"goodput", Align::number},
                     {"p50", Align::number},
                     {"p99", Align::number},
                     {"loop lag p99", Align::number},
                     {"why"}},
                    {}};
  const auto ms = [](const Histogram& histogram, double percent) {
    return fmt::format("{:.1f} ms", histogram.percentile_ms(percent));
  };
  for (const Step& step : found.steps) {
    auto why = step.reasons;
    for (const auto& sign : step.client) why.push_back("the client: " + sign);
    table.rows.push_back({rate(step.rate),
                          html::badge(tone_of(step), step.good             ? "good"
                                                     : step.client.empty() ? "too much"
                                                                           : "the client's limit"),
                          std::to_string(step.stats.started),
                          fmt::format("{:.2f} MiB/s", step.stats.goodput_mib_s()),
                          ms(step.stats.end_to_end, 50), ms(step.stats.end_to_end, 99),
                          ms(step.loop_lag, 99),
                          found.secrets.mask(fmt::format("{}", fmt::join(why, "; ")))});
  }
  page.sections.push_back({"steps", "The search", html::table(table) + curve(found.steps)});
  page.made_by = fmt::format("dex-loadgen find-max {}", harness_version());
  return html::document(page);
}

}  // namespace loadgen
