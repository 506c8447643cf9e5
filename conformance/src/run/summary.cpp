#include "run/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace conformance {
namespace {

bool red_by_itself(Verdict verdict, bool strict) {
  return verdict == Verdict::fail || verdict == Verdict::blocked || verdict == Verdict::error ||
         (verdict == Verdict::warn && strict);
}

}  // namespace

std::size_t RunReport::count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(judgements.begin(), judgements.end(),
                    [&](const Judgement& j) { return j.result.verdict == verdict; }));
}

std::size_t RunReport::red() const {
  return static_cast<std::size_t>(std::count_if(judgements.begin(), judgements.end(),
                                                [](const Judgement& j) { return j.red; }));
}

std::size_t RunReport::expected_deviations() const {
  return static_cast<std::size_t>(
      std::count_if(judgements.begin(), judgements.end(),
                    [](const Judgement& j) { return j.standing == Standing::expected; }));
}

bool RunReport::unsteady() const {
  return std::any_of(causes.begin(), causes.end(),
                     [](const Cause& cause) { return cause.kind == Cause::Kind::unsteady; });
}

Judgement judge(CaseResult result, std::string_view needs, const Baseline* baseline,
                const Rules& rules) {
  Judgement out;
  const Verdict verdict = result.verdict;
  const Deviation* entry = baseline == nullptr ? nullptr : baseline->find(result.row->id);
  out.standing = standing(entry, verdict, rules.today);
  if (entry != nullptr) out.deviation = *entry;
  switch (out.standing) {
    case Standing::none:
      out.red = red_by_itself(verdict, rules.strict);
      break;
    case Standing::expected:
      break;
    case Standing::unexpected:
      out.red = true;
      out.why_red =
          verdict == Verdict::pass
              ? fmt::format("unexpected pass: the baseline expects {}; remove its entry",
                            to_string(out.deviation->expected))
              : fmt::format("the baseline expects {}", to_string(out.deviation->expected));
      break;
    case Standing::expired:
      out.red = true;
      out.why_red = fmt::format("its baseline entry expired on {}", out.deviation->expires);
      break;
  }
  if (verdict == Verdict::skip && rules.required.contains(std::string(needs))) {
    out.red = true;
    out.why_red = fmt::format("{} is required (--require)", needs);
  }
  out.result = std::move(result);
  return out;
}

bool Judgement::changes() const {
  return std::any_of(seen.begin(), seen.end(),
                     [&](const Seen& one) { return one.verdict != seen.front().verdict; });
}

Judgement judged_again(Judgement before, CaseResult result, std::string_view needs,
                       const Baseline* baseline, const Rules& rules) {
  std::vector<Seen> seen = std::move(before.seen);
  if (seen.empty()) seen.push_back({before.result.verdict, before.result.outcome.got});
  seen.push_back({result.verdict, result.outcome.got});
  Judgement now = judge(std::move(result), needs, baseline, rules);
  Judgement out = now.red && !before.red ? std::move(now) : std::move(before);
  out.seen = std::move(seen);
  // Where no time was red there is nothing to mend; the report names the change all the same.
  if (!out.changes() || !out.red) return out;
  std::string in_order;
  for (const Seen& one : out.seen) {
    in_order += fmt::format("{}{}", in_order.empty() ? "" : ", ", to_string(one.verdict));
  }
  out.why_red = (out.why_red.empty() ? "" : out.why_red + "; ") +
                "its verdict changes by itself: " + in_order + " (--repeat)";
  return out;
}

ExitCode exit_code(const RunReport& report) {
  const auto& all = report.judgements;
  const bool judged = std::any_of(
      all.begin(), all.end(), [](const Judgement& j) { return j.result.verdict != Verdict::skip; });
  if (report.stopped) return report.stopped->code;
  if (report.interrupted) return ExitCode::harness;
  if (!judged && report.missing_extensions.empty()) return ExitCode::usage;
  const auto error = [](const Judgement& j) {
    return j.result.verdict == Verdict::error && j.standing != Standing::expected;
  };
  const bool harness = std::any_of(all.begin(), all.end(),
                                   [&](const Judgement& j) { return error(j) && j.result.ran; });
  if (harness) return ExitCode::harness;
  const bool red =
      std::any_of(all.begin(), all.end(), [&](const Judgement& j) { return j.red && !error(j); });
  if (red || report.unsteady() || !report.missing_extensions.empty() || report.changed() > 0) {
    return ExitCode::not_conformant;
  }
  if (std::any_of(all.begin(), all.end(), error) || report.repeat_lacks > 0) {
    return ExitCode::harness;
  }
  return report.unwritten ? ExitCode::harness : ExitCode::conformant;
}

std::string told_http(const RunReport& report) {
  std::string out = fmt::format("HTTP/{} asked for", report.http == 1 ? "1.1" : "2");
  const char* before = "; ";
  for (const auto& [http, answers] : report.spoken) {
    out += fmt::format("{}{} {} in {}", before, answers, answers == 1 ? "answer" : "answers", http);
    before = ", ";
  }
  return out;
}

}  // namespace conformance
