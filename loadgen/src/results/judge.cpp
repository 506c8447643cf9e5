#include "results/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace loadgen {
namespace {

/// No latency shows these; left out, the run would look better than it was.
std::string late(const Stats& s) {
  return fmt::format("{} were due and could not start", s.not_started);
}

/// What was seen to be bad of the target, in whatever way the run ended.
std::vector<std::string> seen_bad(const Stats& s, const Rules& rules) {
  std::vector<std::string> bad;
  if (s.failed > 0) bad.push_back(fmt::format("{} failed", s.failed));
  if (s.lost > 0) bad.push_back(fmt::format("{} lost", s.lost));
  if (s.wrong > 0) bad.push_back(fmt::format("{} wrong", s.wrong));
  if (s.never_sent.value > 0) {
    bad.push_back(fmt::format("{} acknowledged that were never sent", to_string(s.never_sent)));
  }
  if (s.rolled_back.value > 0 && !rules.allow_rollback) {
    bad.push_back(fmt::format("{} acknowledged and then denied (see --allow-rollback)",
                              to_string(s.rolled_back)));
  }
  return bad;
}

}  // namespace

Rules rules_of(const Settings& settings) {
  return {settings.verify, settings.allow_rollback, settings.allow_late, settings.give_up,
          settings.fail_if};
}

std::vector<std::string> conditions_hit(const Stats& stats, const Rules& rules) {
  std::vector<std::string> hit;
  for (const auto& criterion : rules.fail_if) {
    if (const auto value = criterion.hit(stats)) {
      hit.push_back(fmt::format("{} (it is {:.6g})", criterion.text(), *value));
    }
  }
  return hit;
}

ExitCode exit_code_of(const Stats& stats, const Rules& rules, const Ending& ending) {
  if (ending.stopped) return ending.stopped->code;
  if (ending.interrupted) return ExitCode::interrupted;
  if (!ending.part.empty()) return ExitCode::good;
  const bool unverified =
      stats.unseen > 0 || (rules.verify != VerifyMethod::none && stats.unverified > 0);
  const bool nothing = stats.uploaded == 0;
  const bool lies =
      stats.never_sent.value > 0 || (stats.rolled_back.value > 0 && !rules.allow_rollback);
  const bool bad = stats.failed > 0 || stats.lost > 0 || stats.wrong > 0 || stats.interrupted > 0 ||
                   unverified || nothing || lies || ending.gave_up || too_late(stats, rules) ||
                   !ending.conditions_hit.empty();
  return bad ? ExitCode::bad_run : ExitCode::good;
}

bool too_late(const Stats& stats, const Rules& rules) {
  const double due = static_cast<double>(stats.started + stats.not_started);
  const auto allowed = std::max(rules.allow_late.count,
                                static_cast<std::uint64_t>(due * rules.allow_late.percent / 100));
  return stats.not_started > allowed;
}

std::string verdict_of(const Stats& s, const Rules& rules, const Ending& ending) {
  if (ending.stopped) return ending.stopped->why;
  std::vector<std::string> bad = seen_bad(s, rules);
  if (!ending.part.empty() && !ending.interrupted) {
    return fmt::format("shard {}: {} started, {} verified{}{}; dex-loadgen merge judges the whole",
                       ending.part, s.started, s.verified, bad.empty() ? "" : ", ",
                       fmt::join(bad, ", "));
  }
  switch (exit_code_of(s, rules, ending)) {
    case ExitCode::good:
      return s.unverified > 0 ? fmt::format("uploaded {}, NOT VERIFIED (--verify none)", s.uploaded)
                              : fmt::format("good: {} verified, 0 lost{}", s.verified,
                                            s.not_started > 0 ? ", but " + late(s) : "");
    case ExitCode::interrupted:
      return bad.empty() ? "interrupted"
                         : fmt::format("interrupted, and bad: {}", fmt::join(bad, ", "));
    default:
      break;
  }
  if (s.unverified > 0) bad.push_back(fmt::format("{} unverified", s.unverified));
  if (s.uploaded == 0) bad.emplace_back("nothing was uploaded");
  if (too_late(s, rules)) bad.push_back(late(s) + " (see --allow-late)");
  if (ending.gave_up) {
    bad.push_back(fmt::format("no progress for {} (--give-up)", ::to_string(rules.give_up)));
  }
  bad.insert(bad.end(), ending.conditions_hit.begin(), ending.conditions_hit.end());
  return fmt::format("bad: {}", fmt::join(bad, ", "));
}

std::uint64_t bad_of(const Stats& s, const Rules& rules) {
  const bool asked = rules.verify != VerifyMethod::none;
  return s.failed + s.lost + s.wrong + s.interrupted + (asked ? s.unverified : s.unseen);
}

}  // namespace loadgen
