// What a run found as a whole, and the exit code that follows (docs/reference/verdicts.md).
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/against.hpp"
#include "run/baseline.hpp"
#include "run/cause.hpp"
#include "run/runner.hpp"
#include "target/target.hpp"

namespace conformance {

enum class ExitCode {
  conformant = 0,
  not_conformant = 1,
  usage = 2,        ///< bad flags or files, the wrong question; also: nothing was judged
  unreachable = 3,  ///< or the credentials were refused
  harness = 4,      ///< a fault of the harness or its machine, interrupted, or out of time
};

/// One verdict of a row that is judged several times (--repeat).
struct Seen {
  Verdict verdict = Verdict::error;
  std::string got;
};

struct Judgement {
  CaseResult result;
  Standing standing = Standing::none;
  std::optional<Deviation> deviation;
  bool red = false;
  std::string why_red;  ///< one line when `red` comes from more than the verdict
  std::string cause;    ///< of a red one: the name of its Cause
  /// What came each time that it was judged, in order; empty: once. `result` is that of the first
  /// time that was red, or of the first time.
  std::vector<Seen> seen;

  /// Its verdict was not the same each time.
  [[nodiscard]] bool changes() const;
};

struct Rules {
  bool strict = false;             ///< warn is red
  std::set<std::string> required;  ///< extensions whose absence (skip) is red
  std::chrono::sys_days today;
};

struct RunReport {
  std::string version;  ///< of this tool
  std::string run_id;
  TargetFacts target;
  std::uint64_t seed = 0;
  std::chrono::system_clock::time_point started;
  Milliseconds duration{0};
  std::string baseline;  ///< its file; empty: none
  std::vector<Judgement> judgements;
  std::vector<Cause> causes;  ///< of what is red, the heaviest first
  std::vector<const Requirement*> unchecked;
  std::size_t slow_left_out = 0;                ///< rows that were not asked for (--slow)
  std::vector<std::string> missing_extensions;  ///< required and not offered
  std::size_t repeat = 1;                       ///< how often each row was to be judged
  std::size_t repeat_lacks = 0;                 ///< rows that were not judged so often
  std::optional<Against> against;               ///< --against
  std::vector<std::string> remarks;
  int http = 1;                               ///< of --http
  std::map<std::string, std::size_t> spoken;  ///< answers by HTTP version: "HTTP/2"
  std::size_t uploads_removed = 0;
  std::vector<std::string> uploads_left;
  bool interrupted = false;
  /// Why the run ended before its end: the target could not be reached, the harness failed.
  struct Stopped {
    ExitCode code = ExitCode::harness;
    std::string why;  ///< one line
  };
  std::optional<Stopped> stopped;
  bool unwritten = false;  ///< a report could not be written

  [[nodiscard]] std::size_t count(Verdict verdict) const;
  [[nodiscard]] std::size_t red() const;
  [[nodiscard]] std::size_t expected_deviations() const;
  /// A foundation is unsteady: not conformant, even where every row is green.
  [[nodiscard]] bool unsteady() const;
  /// Rows that are not as --against has them.
  [[nodiscard]] std::size_t changed() const { return against ? against->changes.size() : 0; }
};

/// "HTTP/2 asked for; 812 answers in HTTP/2, 57 in raw HTTP/1.1"
[[nodiscard]] std::string told_http(const RunReport& report);

/// Verdict, baseline and rules together. `needs` is the extension the check needs.
[[nodiscard]] Judgement judge(CaseResult result, std::string_view needs, const Baseline* baseline,
                              const Rules& rules);
/// The same row judged once more: what it was before, and what came now.
[[nodiscard]] Judgement judged_again(Judgement before, CaseResult result, std::string_view needs,
                                     const Baseline* baseline, const Rules& rules);
/// The first that applies: stopped (its code), interrupted (4), nothing judged (2), a harness error
/// that no baseline expects (4), red, unsteady or not as on record (1), rows that were not run (4),
/// a report that could not be written (4), else 0.
[[nodiscard]] ExitCode exit_code(const RunReport& report);

}  // namespace conformance
