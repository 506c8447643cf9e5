// What a check found, and what that means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace conformance {

/// See docs/reference/verdicts.md. fail, blocked and error turn a run red; warn does with --strict.
enum class Verdict { pass, fail, warn, note, skip, blocked, error };
enum class Level { must, must_not, should, should_not, may };

/// What a check saw. The level of its requirement turns it into a Verdict.
struct Outcome {
  enum class Kind {
    holds,        ///< pass
    broken,       ///< fail for MUST, warn for SHOULD, note for MAY
    broken_must,  ///< fail whatever the level: a MUST inside a row of a lower level
    observed,     ///< note: the text is silent, this is what the server does
    not_offered,  ///< skip
    blocked,      ///< could not be judged because something before it failed
    error,        ///< the harness, or the machine it runs on, failed
  };
  Kind kind = Kind::holds;
  std::string expected;
  std::string
      got;  ///< what came; for observed and holds: what the server does, for not_offered: why
};

[[nodiscard]] Outcome holds(std::string seen = {});
[[nodiscard]] Outcome broken(std::string expected, std::string got);
[[nodiscard]] Outcome broken_must(std::string expected, std::string got);
[[nodiscard]] Outcome observed(std::string what);
[[nodiscard]] Outcome not_offered(std::string reason);

[[nodiscard]] Verdict verdict_of(const Outcome& outcome, Level level);
[[nodiscard]] std::string_view to_string(Verdict verdict);
[[nodiscard]] std::string_view to_string(Level level);
/// The inverse of to_string.
[[nodiscard]] std::optional<Verdict> verdict_named(std::string_view name);
[[nodiscard]] std::optional<Level> level_named(std::string_view name);

/// Ends a check from inside a helper: the runner takes the outcome as the check's own.
struct Stop {
  Outcome outcome;
};

}  // namespace conformance
