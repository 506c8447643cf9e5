#include "report/last_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace conformance {
namespace {

constexpr std::size_t most_causes = 4;
/// Characters of what a target said. What to do is told whole, but for a URL without end.
constexpr std::size_t longest = 240;
constexpr std::size_t longest_to_do = 1000;

std::string shortened(std::string text, std::size_t most) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() <= most) return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  while (most > 0 && continues(most)) --most;
  return text.substr(0, most) + "...";
}

std::string rows_of(const Cause& cause) {
  std::string out;
  const std::size_t rows = cause.rows.size();
  if (cause.kind == Cause::Kind::row || cause.weight() == 0) return out;
  out = fmt::format(" ({} {}", rows, rows == 1 ? "row" : "rows");
  if (cause.not_judged > 0) out += fmt::format(", {} not judged", cause.not_judged);
  return out + ")";
}

/// What to run to see the heaviest cause by itself.
std::string next_command(const RunReport& report, const Rerun& rerun) {
  constexpr std::size_t most = 8;
  for (const Cause& cause : report.causes) {
    if (cause.ask.empty()) continue;
    // With --jobs 1: of rows that run side by side nobody can say which one killed the target.
    std::string command = cause.kind == Cause::Kind::died ? rerun.alone : rerun.line;
    for (std::size_t i = 0; i < std::min(cause.ask.size(), most); ++i) {
      command += " --select " + cause.ask[i];
    }
    return command;
  }
  if (!report.causes.empty()) return rerun.line;
  if (report.changed() == 0) return {};
  std::string command = rerun.line;
  for (std::size_t i = 0; i < std::min(report.changed(), most); ++i) {
    command += " --select " + report.against->changes[i].id;
  }
  return command;
}

/// Red rows, and findings that belong to no row.
std::size_t findings(const RunReport& report) {
  const auto without_rows = [](const Cause& cause) { return cause.rows.empty(); };
  return report.red() + report.missing_extensions.size() +
         static_cast<std::size_t>(
             std::count_if(report.causes.begin(), report.causes.end(), without_rows));
}

std::string changed_text(const RunReport& report) {
  return fmt::format("{} {} changed since", report.changed(),
                     report.changed() == 1 ? "row" : "rows");
}

}  // namespace

std::string verdict_line(const RunReport& report) {
  switch (exit_code(report)) {
    case ExitCode::conformant:
      return report.expected_deviations() > 0 ? "CONFORMANT but for the known deviations"
                                              : "CONFORMANT";
    case ExitCode::not_conformant:
      return findings(report) == 0 ? fmt::format("NOT AS ON RECORD ({})", changed_text(report))
                                   : fmt::format("NOT CONFORMANT ({} red{}{})", findings(report),
                                                 report.changed() > 0 ? ", " : "",
                                                 report.changed() > 0 ? changed_text(report) : "");
    case ExitCode::usage:
      return "NOTHING WAS JUDGED";
    default:
      break;
  }
  if (report.stopped) return "STOPPED: " + report.stopped->why;
  if (report.interrupted) return "INTERRUPTED";
  const auto failed = [](const Judgement& j) {
    return j.result.verdict == Verdict::error && j.result.ran;
  };
  if (std::any_of(report.judgements.begin(), report.judgements.end(), failed)) {
    return "HARNESS ERROR";
  }
  return report.unwritten ? "CONFORMANT, BUT A REPORT COULD NOT BE WRITTEN"
                          : "NOT ALL WAS JUDGED IN TIME (--run-timeout)";
}

std::vector<std::string> cause_lines(const RunReport& report, const Rerun& rerun) {
  std::vector<std::string> lines;
  const auto& causes = report.causes;
  const std::size_t shown = causes.size() <= most_causes ? causes.size() : most_causes - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    const Cause& cause = causes[i];
    lines.push_back(
        fmt::format(" {}. {}{}", i + 1, shortened(cause.what, longest), rows_of(cause)));
    lines.push_back(cause.kind == Cause::Kind::row
                        ? "    got:  " + shortened(cause.to_do, longest)
                        : "    do:   " + shortened(cause.to_do, longest_to_do));
  }
  if (causes.size() > shown) {
    lines.push_back(fmt::format(" and {} more, each above", causes.size() - shown));
  }
  if (auto next = next_command(report, rerun); !next.empty()) lines.push_back("next: " + next);
  return lines;
}

}  // namespace conformance
