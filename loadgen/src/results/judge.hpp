// What makes a run good or bad: one run, or several that were merged into one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenario/settings.hpp"
#include "stats/criterion.hpp"
#include "stats/stats.hpp"

namespace loadgen {

/// Exit codes of the program (docs/reference/verdicts.md). A run that was stopped has the code of
/// its Stop; an interrupted one has 4, however bad it was.
enum class ExitCode : int {
  good = 0,
  bad_run = 1,      ///< uploads failed, lost or unverified, a --fail-if condition, or nothing done
  usage = 2,        ///< flags, files, environment
  unreachable = 3,  ///< target unreachable or credentials refused
  interrupted = 4,  ///< by a signal, the program itself failed, or output could not be written
};

/// What was asked of the run.
struct Rules {
  VerifyMethod verify = VerifyMethod::automatic;
  bool allow_rollback = false;
  AllowedLate allow_late;
  Milliseconds give_up{0};
  std::vector<Criterion> fail_if;
};
[[nodiscard]] Rules rules_of(const Settings& settings);

/// Why there was no load, or not all of it.
struct Stop {
  ExitCode code = ExitCode::usage;
  std::string why;  ///< one line
  bool operator==(const Stop&) const = default;
};

/// How a run ended, besides its figures.
struct Ending {
  bool interrupted = false;
  bool gave_up = false;  ///< there was no progress for Rules::give_up
  std::optional<Stop> stopped;
  std::vector<std::string> conditions_hit;  ///< of Rules::fail_if, with the values found
  /// Which of several machines this was in a shared run ("2/4"): only the whole is judged.
  std::string part = {};
  bool operator==(const Ending&) const = default;
};
/// Those that hold, for Ending::conditions_hit.
[[nodiscard]] std::vector<std::string> conditions_hit(const Stats& stats, const Rules& rules);

[[nodiscard]] ExitCode exit_code_of(const Stats& stats, const Rules& rules, const Ending& ending);
/// One line, which says the same for people.
[[nodiscard]] std::string verdict_of(const Stats& stats, const Rules& rules, const Ending& ending);
/// Whether more uploads could not start than Rules::allow_late lets pass.
[[nodiscard]] bool too_late(const Stats& stats, const Rules& rules);
/// Uploads that did not end well, or of which that could not be seen.
[[nodiscard]] std::uint64_t bad_of(const Stats& stats, const Rules& rules);

}  // namespace loadgen
