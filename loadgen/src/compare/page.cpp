#include "compare/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compare/told.hpp"
#include "html/page.hpp"
#include "protocol/version.hpp"

namespace loadgen {
namespace {

using html::Align;
using html::Markup;
using html::Tone;

Tone tone_of(ChangeKind finding) {
  switch (finding) {
    case ChangeKind::better:
      return Tone::good;
    case ChangeKind::worse:
      return Tone::bad;
    default:
      return Tone::neutral;
  }
}

/// A change relative to the former value, or to the new one where the former was 0.
double part(const Difference& d, double change) {
  const double of = d.base != 0 ? std::abs(d.base) : std::max(1e-9, std::abs(d.now));
  return change / of;
}

std::string interval(const Difference& d) {
  return fmt::format("{} to {}", shown_change(d, d.change->low), shown_change(d, d.change->high));
}

Markup line(const char* classes, double x1, double y1, double x2, double y2) {
  return html::leaf("line", {{"class", classes},
                             {"x1", fmt::format("{:.1f}", x1)},
                             {"y1", fmt::format("{:.1f}", y1)},
                             {"x2", fmt::format("{:.1f}", x2)},
                             {"y2", fmt::format("{:.1f}", y2)}});
}

/// The interval of a change on the axis that all of them have, from -`reach` to +`reach`.
Markup drawn(const Difference& d, double reach) {
  constexpr double width = 136;
  const auto x = [&](double change) {
    return width / 2 + width / 2 * std::clamp(part(d, change) / reach, -1.0, 1.0);
  };
  const double low = x(d.change->low);
  return html::tag("svg",
                   {{"class", "bar"},
                    {"viewBox", fmt::format("0 0 {} 12", width)},
                    {"role", "img"},
                    {"aria-label", interval(d)}},
                   line("tick", width / 2, 0, width / 2, 12) +
                       line("line s1", low, 6, std::max(low + 1, x(d.change->high)), 6) +
                       line("line s1", x(d.now - d.base), 2, x(d.now - d.base), 10));
}

Markup figures_of(const ComparedRuns& c) {
  double reach = 0.1;
  for (const Difference& d : c.differences) {
    if (!d.change) continue;
    reach = std::max({reach, std::abs(part(d, d.change->low)), std::abs(part(d, d.change->high))});
  }
  reach = std::min(reach, 1.0);
  html::Table table{"Each figure of both runs, and the part of its change that is certain",
                    {{"figure"},
                     {"BASE", Align::number},
                     {"NEW", Align::number},
                     {"change", Align::number},
                     {"certain"},
                     {fmt::format("from -{0:.0f} % to +{0:.0f} %", 100 * reach)},
                     {"it is"}},
                    {}};
  for (const Difference& d : c.differences) {
    if (std::isnan(d.base) && std::isnan(d.now)) continue;
    const bool both = !std::isnan(d.base) && !std::isnan(d.now);
    const auto found = std::string(to_string(d.finding));
    table.rows.push_back(
        {d.figure->title, shown(d.base, d.figure->unit), shown(d.now, d.figure->unit),
         both ? shown_change(d, d.now - d.base) : "-", d.change ? interval(d) : d.untold,
         d.change ? drawn(d, reach) : Markup(""), html::badge(tone_of(d.finding), found)});
  }
  return html::table(table);
}

/// What was acknowledged over time, at most 600 points, on an axis that both runs have.
Markup series(const Recorded& run, double highest) {
  constexpr double width = 560;
  constexpr double height = 140;
  if (run.acknowledged.empty() || highest <= 0) return html::paragraph("It has no seconds.csv.");
  const std::size_t step = run.acknowledged.size() / 600 + 1;
  const auto count = static_cast<double>(run.acknowledged.size());
  std::string points;
  for (std::size_t at = 0; at < run.acknowledged.size(); at += step) {
    const auto end = std::min(at + step, run.acknowledged.size());
    double sum = 0;
    for (std::size_t i = at; i < end; ++i) sum += run.acknowledged[i];
    fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ",
                   width * (static_cast<double>(at) + 0.5) / count,
                   height - (height - 16) * sum / static_cast<double>(end - at) / highest);
  }
  const auto told =
      fmt::format("up to {:.2f} MiB/s, over {} s", highest / (1U << 20U), run.acknowledged.size());
  return html::tag(
      "figure",
      html::tag("figcaption", "Acknowledged in each second") +
          html::tag("svg",
                    {{"viewBox", fmt::format("0 0 {} {}", width, height)},
                     {"role", "img"},
                     {"aria-label", fmt::format("{:.2f} MiB/s on average, {}",
                                                run.number("goodput_mib_s"), told)}},
                    line("grid", 0, height, width, height) + line("grid", 0, 16, width, 16) +
                        html::leaf("polyline", {{"class", "line s1"}, {"points", points}}) +
                        html::tag("text", {{"x", "2"}, {"y", "11"}}, told)));
}

Markup side(const char* which, const Recorded& run, double highest) {
  std::vector<std::pair<std::string, Markup>> facts{
      {"verdict", run.verdict},
      {"folder", run.folder},
      {"run", run.run_id},
      {"target", run.target},
      {"dex-loadgen", run.version},
      {"seed", std::to_string(run.seed)},
      {"uploads", fmt::format("{} in {:.1f} s", run.uploads.size(), run.elapsed())}};
  for (const char* name : {"failed", "lost", "wrong", "unverified", "not_started", "late_starts",
                           "cuts", "retries", "resumes", "new_uploads"}) {
    facts.emplace_back(name, fmt::format("{:.0f}", run.number(name)));
  }
  facts.emplace_back("loop lag p99", fmt::format("{:.1f} ms", run.number("loop_lag_p99_ms")));
  return html::tag("div", html::tag("h3", which) + html::facts(facts) + series(run, highest));
}

double highest_of(const Recorded& run) {
  return run.acknowledged.empty() ? 0 : *std::ranges::max_element(run.acknowledged);
}

std::string method(const ComparedRuns& c) {
  return fmt::format(
      "{} Block bootstrap: {} and {} slots of time, resampled in blocks of {} and {}. All "
      "intervals "
      "hold together in {:.6g} of 100 comparisons. A change that is not certain to be above {:.6g} "
      "%, or above the lag of the client's own loop, is none.",
      c.paired ? "Both runs had the same uploads." : "The runs had uploads of their own.",
      c.slots_base, c.slots_now, c.block_base, c.block_now, 100 * c.options.confidence,
      100 * c.options.tolerance);
}

}  // namespace

std::string comparison_page(const ComparedRuns& c) {
  html::Page page;
  page.title = "dex-loadgen: two runs compared";
  page.verdict = verdict(c);
  page.tone = c.worse() ? Tone::bad : Tone::good;
  Markup sentences;
  for (const ChangeKind finding : {ChangeKind::worse, ChangeKind::better}) {
    for (const Difference& d : c.differences) {
      if (d.finding == finding) sentences += html::tag("li", sentence(d));
    }
  }
  if (!sentences.empty()) page.lead = html::tag("ul", sentences);
  for (const auto& note : c.notes) page.lead += html::note(Tone::warning, note);
  page.sections.push_back({"figures", "Figures", figures_of(c) + html::paragraph(method(c))});
  const double highest = std::max(highest_of(c.base), highest_of(c.now));
  page.sections.push_back({"runs", "Side by side",
                           html::tag("div", {{"class", "pair"}},
                                     side("BASE", c.base, highest) + side("NEW", c.now, highest))});
  page.made_by = fmt::format("dex-loadgen compare {}", harness_version());
  return html::document(page);
}

}  // namespace loadgen
