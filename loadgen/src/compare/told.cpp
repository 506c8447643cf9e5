#include "compare/told.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "protocol/version.hpp"
#include "redact/printable.hpp"

namespace loadgen {
namespace {

std::size_t count_of(const ComparedRuns& comparison, ChangeKind finding) {
  return static_cast<std::size_t>(std::ranges::count(
      comparison.differences, finding, [](const Difference& d) { return d.finding; }));
}

std::string number(double value) {
  const double size = std::abs(value);
  const int digits = size > 0 ? 3 - static_cast<int>(std::floor(std::log10(size))) : 0;
  return fmt::format("{:.{}f}", value, std::clamp(digits, 0, 4));
}

/// One line about one of the two runs.
std::string line_of(const char* which, const Recorded& run) {
  return redact::printable(
      fmt::format("{:<6}{}  run {}  dex-loadgen {}  seed {}  {} uploads in "
                  "{:.1f} s  {}",
                  which, run.folder, run.run_id, run.version, run.seed, run.uploads.size(),
                  run.elapsed(), run.verdict));
}

std::string how(const ComparedRuns& c) {
  if (c.paired) {
    return fmt::format("the same uploads in both, {} slots of time, resampled in blocks of {}",
                       c.slots_base, c.block_base);
  }
  return fmt::format("{} and {} slots of time, resampled in blocks of {} and {}", c.slots_base,
                     c.slots_now, c.block_base, c.block_now);
}

}  // namespace

std::string shown(double value, const std::string& unit) {
  if (std::isnan(value)) return "-";
  return number(value) + (unit.empty() ? "" : " " + unit);
}

std::string shown_change(const Difference& d, double change) {
  if (d.base != 0) return fmt::format("{:+.1f} %", 100 * change / std::abs(d.base));
  return (change < 0 ? "-" : "+") + shown(std::abs(change), d.figure->unit);
}

std::string verdict(const ComparedRuns& comparison) {
  if (!comparison.conditions_hit.empty()) {
    return fmt::format("worse: {}", fmt::join(comparison.conditions_hit, ", "));
  }
  const auto worse = count_of(comparison, ChangeKind::worse);
  const auto better = count_of(comparison, ChangeKind::better);
  const auto told = comparison.differences.size() - count_of(comparison, ChangeKind::unknown);
  const auto are = [](std::size_t count) { return count == 1 ? "is" : "are"; };
  if (worse == 0 && better == 0) {
    return fmt::format("no difference: none of {} figures has changed for certain", told);
  }
  const auto counts = worse == 0 ? fmt::format("{} of {} figures {} better, none is worse", better,
                                               told, are(better))
                                 : fmt::format("{} of {} figures {} worse, {} {} better", worse,
                                               told, are(worse), better, are(better));
  if (comparison.worse()) return "worse: " + counts;
  return (worse > 0 ? "no condition holds: " : "better: ") + counts;
}

std::string sentence(const Difference& d) {
  const double change = d.now - d.base;
  const char* const way = change < 0 ? "lower" : "higher";
  std::string by;
  std::string between;
  if (d.base != 0) {
    const auto percent = [&](double of) { return 100 * std::abs(of / d.base); };
    by = fmt::format("{:.1f} % {}", percent(change), way);
    const auto ends = std::minmax({percent(d.change->low), percent(d.change->high)});
    between = fmt::format("between {:.1f} % and {:.1f} %", ends.first, ends.second);
  } else {
    by = way;
    between = fmt::format("by between {} and {}", shown(d.change->low, d.figure->unit),
                          shown(d.change->high, d.figure->unit));
  }
  return fmt::format("{}: {} is {}: {} in place of {} ({})", to_string(d.finding), d.figure->title,
                     by, shown(d.now, d.figure->unit), shown(d.base, d.figure->unit), between);
}

std::string terminal_text(const ComparedRuns& c) {
  std::string out = verdict(c) + "\n\n";
  const auto to = std::back_inserter(out);
  out += line_of("BASE", c.base) + "\n" + line_of("NEW", c.now) + "\n\n";
  bool any = false;
  for (const ChangeKind finding : {ChangeKind::worse, ChangeKind::better}) {
    for (const Difference& d : c.differences) {
      if (d.finding != finding) continue;
      out += sentence(d) + "\n";
      any = true;
    }
  }
  if (any) out += "\n";
  fmt::format_to(to, "{:<26}{:>14}{:>14}{:>11}   {}\n", "figure", "BASE", "NEW", "change",
                 "of which is certain");
  for (const Difference& d : c.differences) {
    if (std::isnan(d.base) && std::isnan(d.now)) continue;
    std::string certain = d.untold;
    std::string change = "-";
    if (d.change) {
      certain =
          fmt::format("{} to {}", shown_change(d, d.change->low), shown_change(d, d.change->high));
      if (d.finding != ChangeKind::same) certain += fmt::format("  {}", to_string(d.finding));
    }
    if (!std::isnan(d.base) && !std::isnan(d.now)) change = shown_change(d, d.now - d.base);
    fmt::format_to(to, "{:<26}{:>14}{:>14}{:>11}   {}\n", d.figure->title,
                   shown(d.base, d.figure->unit), shown(d.now, d.figure->unit), change, certain);
  }
  fmt::format_to(to, "({}; all intervals hold together in {:.6g} of 100 comparisons)\n", how(c),
                 100 * c.options.confidence);
  if (!c.notes.empty()) out += "\nto be known\n";
  for (const auto& note : c.notes) fmt::format_to(to, "  {}\n", note);
  fmt::format_to(to, "\n{}\n", verdict(c));
  return out;
}

std::string comparison_json(const ComparedRuns& c) {
  using Json = nlohmann::ordered_json;
  const auto value = [](double number) { return std::isnan(number) ? Json() : Json(number); };
  const auto run = [&](const Recorded& of) {
    return Json{{"folder", of.folder},          {"run_id", of.run_id},      {"version", of.version},
                {"target", of.target},          {"seed", of.seed},          {"verdict", of.verdict},
                {"uploads", of.uploads.size()}, {"elapsed_s", of.elapsed()}};
  };
  Json root{{"tool", "dex-loadgen compare"},
            {"format", 1},
            {"version", harness_version()},
            {"exit_code", c.worse() ? 1 : 0},
            {"verdict", verdict(c)},
            {"conditions_hit", c.conditions_hit},
            {"base", run(c.base)},
            {"new", run(c.now)},
            {"confidence", c.options.confidence},
            {"tolerance", c.options.tolerance},
            {"paired", c.paired},
            {"slots", {{"base", c.slots_base}, {"new", c.slots_now}}},
            {"blocks", {{"base", c.block_base}, {"new", c.block_now}}},
            {"notes", c.notes}};
  Json& figures = root["figures"] = Json::array();
  for (const Difference& d : c.differences) {
    Json one{{"name", d.figure->name},
             {"unit", d.figure->unit},
             {"better", d.figure->more_is_better ? "more" : "less"},
             {"base", value(d.base)},
             {"new", value(d.now)},
             {"change", value(d.now - d.base)},
             {"finding", to_string(d.finding)}};
    if (d.change) {
      one["low"] = d.change->low;
      one["high"] = d.change->high;
      one["least"] = d.least;
    } else {
      one["why"] = d.untold;
    }
    if (d.finding == ChangeKind::better || d.finding == ChangeKind::worse)
      one["sentence"] = sentence(d);
    figures.push_back(std::move(one));
  }
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace loadgen
