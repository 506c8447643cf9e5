#include "report/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <ostream>
#include <vector>

#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "report/last_lines.hpp"

namespace conformance {
namespace {

constexpr std::size_t excerpt_lines = 24;

/// What came from a target may hold anything: it must not steer a terminal.
std::string safe(std::string_view text) { return redact::printable(text); }

std::string paint(std::string_view text, std::string_view code, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

/// The last exchanges of a transcript, where the reason most often is.
std::vector<std::string_view> excerpt(std::string_view transcript) {
  std::vector<std::string_view> lines;
  while (!transcript.empty()) {
    const std::size_t end = std::min(transcript.find('\n'), transcript.size());
    if (end > 0) lines.push_back(transcript.substr(0, end));
    transcript.remove_prefix(std::min(end + 1, transcript.size()));
  }
  if (lines.size() > excerpt_lines) {
    auto first = lines.end() - static_cast<std::ptrdiff_t>(excerpt_lines);
    // Begin with a request line, not in the middle of a head.
    const auto request = std::find_if(first, lines.end(), [](std::string_view line) {
      return line.starts_with("> ") && line.find(": ") == std::string_view::npos;
    });
    lines.erase(lines.begin(), request != lines.end() ? request : first);
  }
  return lines;
}

}  // namespace

TerminalStyle style_for(int fd) {
  TerminalStyle style;
  const bool terminal = isatty(fd) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
  style.colour = terminal && !dumb && (no_colour == nullptr || *no_colour == '\0');
  style.progress = terminal && !dumb;
  return style;
}

TerminalReport::TerminalReport(std::ostream& out, TerminalStyle style)
    : out_(out), style_(std::move(style)) {}

std::string TerminalReport::painted(Verdict verdict) const {
  std::string_view code = "31;1";
  if (verdict == Verdict::pass) code = "32";
  if (verdict == Verdict::warn) code = "33";
  if (verdict == Verdict::note || verdict == Verdict::skip) code = "36";
  return paint(to_string(verdict), code, style_.colour);
}

void TerminalReport::begin(const TargetFacts& target, const std::string& run_id,
                           std::size_t cases) {
  std::string extensions;
  for (const auto& e : target.extensions) extensions += (extensions.empty() ? "" : ",") + safe(e);
  out_ << fmt::format("dex-conformance {}: {} checks of {} as {}\n", harness_version(), cases,
                      safe(target.url), target.title);
  out_ << fmt::format("run {}, extensions {}, downloads {}, authorization {}\n", run_id,
                      extensions.empty() ? "none" : extensions, target.downloads ? "yes" : "no",
                      target.authorization ? "needed" : "not needed");
}

void TerminalReport::remark(const std::string& text) {
  clear_progress();
  out_ << "remark: " << safe(text) << '\n';
}

void TerminalReport::clear_progress() {
  if (progress_shown_) out_ << "\r\x1b[K";
  progress_shown_ = false;
}

void TerminalReport::progress(std::size_t finished, std::size_t all) {
  if (!style_.progress) return;
  clear_progress();
  out_ << fmt::format("{} of {} checks", finished, all) << std::flush;
  progress_shown_ = true;
}

void TerminalReport::judged(const Judgement& judgement) {
  const CaseResult& result = judgement.result;
  const bool quiet = result.verdict == Verdict::pass || result.verdict == Verdict::skip ||
                     (result.verdict == Verdict::note && !style_.notes);
  if (!judgement.red && quiet) return;
  if (!result.ran) return;  // rows that did not run are counted by their reason at the end
  if (!waits(judgement)) print(judgement);
}

void TerminalReport::print(const Judgement& judgement) {
  const CaseResult& result = judgement.result;
  const Requirement& row = *result.row;
  clear_progress();
  if (!judgement.red) {
    const bool known = judgement.standing == Standing::expected;
    out_ << fmt::format("{} {} {}{}  {}\n", painted(result.verdict), row.id, row.name,
                        known ? " (known)" : "",
                        known                             ? safe(judgement.deviation->reason)
                        : result.verdict == Verdict::note ? safe(result.outcome.got)
                                                          : row.text);
    if (!known && result.verdict != Verdict::note) {
      out_ << "  got:       " << safe(result.outcome.got) << '\n';
    }
    return;
  }
  out_ << fmt::format("\n{} {} {}  [{}, {}]\n", painted(result.verdict), row.id, row.name,
                      to_string(row.level), row.section);
  out_ << "  " << row.text << '\n';
  if (!judgement.why_red.empty()) out_ << "  red because: " << judgement.why_red << '\n';
  if (judgement.deviation) out_ << "  baseline:  " << safe(judgement.deviation->reason) << '\n';
  if (!result.outcome.expected.empty()) {
    out_ << "  expected:  " << safe(result.outcome.expected) << '\n';
  }
  if (!result.outcome.got.empty()) out_ << "  got:       " << safe(result.outcome.got) << '\n';
  if (result.spoken.contains("HTTP/2")) {
    out_ << fmt::format("  in:        {}\n", fmt::join(result.spoken, ", "));
  }
  print_excerpt(result.transcript);
  out_ << "  rerun:     " << safe(style_.rerun) << " --select " << row.id << '\n';
}

bool TerminalReport::waits(const Judgement& judgement) const {
  const auto& met = judgement.result.met;
  return !style_.all && judgement.red && (!met.unheld.empty() || met.unreachable);
}

void TerminalReport::print_excerpt(std::string_view transcript) {
  for (const std::string_view line : excerpt(transcript)) {
    out_ << "    " << paint(safe(line), "2", style_.colour) << '\n';
  }
}

/// The evidence once, and the rows by their ids.
void TerminalReport::print_cause(const Cause& cause, const RunReport& report) {
  out_ << fmt::format("\n{} {}\n", paint("cause", "31;1", style_.colour), safe(cause.what));
  for (const std::string& one : cause.tries) out_ << "  tried:     " << safe(one) << '\n';
  print_excerpt(cause.transcript);
  std::map<Verdict, std::size_t> counts;
  std::string ids;
  constexpr std::size_t most_ids = 12;
  for (std::size_t i = 0; i < cause.rows.size(); ++i) {
    const CaseResult& result = report.judgements[cause.rows[i]].result;
    ++counts[result.verdict];
    if (i < most_ids) ids += (i == 0 ? "" : ", ") + result.row->id;
  }
  if (cause.rows.size() > most_ids) {
    ids += fmt::format(" and {} more (--all)", cause.rows.size() - most_ids);
  }
  std::string told;
  for (const auto& [verdict, count] : counts) {
    told += fmt::format("{}{} {}", told.empty() ? "" : ", ", count, to_string(verdict));
  }
  if (!ids.empty()) out_ << fmt::format("  rows:      {}: {}\n", told, ids);
  if (cause.not_judged > 0) {
    out_ << fmt::format("  skipped:   {} rows, as what they need is not told\n", cause.not_judged);
  }
  out_ << "  do:        " << safe(cause.to_do) << '\n';
}

void TerminalReport::print_changes(const RunReport& report) {
  bool first = true;
  for (const Judgement& j : report.judgements) {
    if (!j.changes()) continue;
    if (first) out_ << fmt::format("\nchanging by themselves, of {} times:\n", report.repeat);
    first = false;
    std::map<Verdict, std::size_t> counts;
    for (const Seen& seen : j.seen) ++counts[seen.verdict];
    std::string told;
    for (const auto& [verdict, count] : counts) {
      told += fmt::format("{}{} {}", told.empty() ? "" : ", ", count, to_string(verdict));
    }
    out_ << fmt::format("  {} {}  {}\n", j.result.row->id, j.result.row->name, told);
  }
  if (!report.against) return;
  const Against& against = *report.against;
  out_ << fmt::format("\nagainst {} ({}): {} rows as they were, {} not", safe(against.file),
                      safe(against.title), against.same, against.changes.size());
  if (against.not_judged > 0) out_ << fmt::format(", {} not judged", against.not_judged);
  out_ << '\n';
  for (const auto& [id, difference] : against.changes) {
    out_ << fmt::format("{} {}\n  recorded:  {}\n  now:       {}\n",
                        paint("changed", "33", style_.colour), id, safe(difference.recorded),
                        safe(difference.found));
  }
}

void TerminalReport::end(const RunReport& report) {
  clear_progress();
  for (const Cause& cause : report.causes) {
    if (style_.all || cause.kind != Cause::Kind::row) continue;
    const Judgement& judgement = report.judgements[cause.rows.front()];
    if (judgement.result.ran && waits(judgement)) print(judgement);
  }
  for (const Cause& cause : report.causes) {
    if (cause.kind != Cause::Kind::row) print_cause(cause, report);
  }
  print_changes(report);
  std::map<std::string, std::size_t> skips, not_run;
  for (const Judgement& j : report.judgements) {
    if (j.result.verdict == Verdict::skip) ++skips[j.result.outcome.got];
    if (!j.result.ran) ++not_run[j.result.outcome.got];
  }
  out_ << '\n';
  for (const auto& [reason, count] : not_run) {
    out_ << fmt::format("not run {:3}  {}\n", count, safe(reason));
  }
  for (const auto& [reason, count] : skips) {
    out_ << fmt::format("skipped {:3}  {}\n", count, safe(reason));
  }
  if (const std::size_t notes = report.count(Verdict::note); notes > 0 && !style_.notes) {
    out_ << fmt::format("noted   {:3}  what this server does where it is free to (--notes)\n",
                        notes);
  }
  if (!report.unchecked.empty()) {
    out_ << fmt::format("not checked: {} requirements have no check in this version\n",
                        report.unchecked.size());
  }
  if (report.slow_left_out > 0) {
    out_ << fmt::format("left out: {} slow checks (--slow)\n", report.slow_left_out);
  }
  for (const std::string& extension : report.missing_extensions) {
    out_ << fmt::format("{} is required and not offered (--require)\n", extension);
  }
  if (report.http != 1) out_ << told_http(report) << '\n';
  if (report.uploads_removed > 0 || !report.uploads_left.empty()) {
    out_ << fmt::format("uploads made: {}, deleted: {}, left behind: {}\n",
                        report.uploads_removed + report.uploads_left.size(), report.uploads_removed,
                        report.uploads_left.size());
    for (std::size_t i = 0; i < report.uploads_left.size(); ++i) {
      if (i == 5) {
        out_ << fmt::format("  ... and {} more (all are in --json)\n",
                            report.uploads_left.size() - i);
        break;
      }
      out_ << "  " << safe(report.uploads_left[i]) << '\n';
    }
  }
  std::string counts;
  for (const Verdict v : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::note, Verdict::skip,
                          Verdict::blocked, Verdict::error}) {
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", report.count(v), to_string(v));
  }
  out_ << fmt::format("{} in {}", counts, ::to_string(report.duration));
  if (!report.baseline.empty()) {
    out_ << fmt::format("; {} known deviations", report.expected_deviations());
  }
  const ExitCode code = exit_code(report);
  const bool judged = code == ExitCode::conformant || code == ExitCode::not_conformant;
  out_ << "\n"
       << paint(safe(verdict_line(report)), code == ExitCode::conformant ? "32;1" : "31;1",
                style_.colour);
  // Said here, as many read only this line.
  if (judged && !shows_bytes(report.target)) out_ << ", but no stored byte was compared";
  out_ << '\n';
  for (const std::string& line : cause_lines(report, {style_.rerun, style_.rerun_alone})) {
    out_ << safe(line) << '\n';
  }
  out_ << std::flush;
}

}  // namespace conformance
