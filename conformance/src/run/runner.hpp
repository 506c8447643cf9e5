// Runs cases on a pool of threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/context.hpp"
#include "run/plan.hpp"
#include "target/busy.hpp"
#include "target/foundation.hpp"

namespace conformance {

/// What is kept of one check's evidence.
inline constexpr Bytes most_evidence{512U << 10U};

/// How much a check sent.
struct Traffic {
  std::size_t requests = 0;
  std::uint64_t bytes = 0;  ///< of bodies; on raw connections heads as well
  std::size_t uploads = 0;  ///< that it made
};

/// What a check sent and saw, as text. Thread-safe: it is read while a check that hangs still runs.
class Evidence {
 public:
  /// Beyond `most_evidence` it is cut, saying so, and no more is taken.
  void add(const std::string& text);
  [[nodiscard]] std::string text() const;

  /// Remembers the first answer that says nothing of the server's rules: 429, 502, 503, 504 and
  /// 507 come from a gateway, or from a server that cannot take work now (RFC 9110 section 15.6,
  /// RFC 6585, RFC 4918).
  void turned_away(const std::string& what);
  /// "PATCH /files/1: 503 Service Unavailable"; nullopt when every answer was the server's own.
  [[nodiscard]] std::optional<std::string> turned_away() const;

  /// Remembers the HTTP version of an answer: "HTTP/2".
  void spoke(std::string http);
  [[nodiscard]] std::set<std::string> spoken() const;
  /// What the check met on its way.
  struct Met {
    std::vector<Step> unheld;  ///< steps that did not hold, each once, the last one last
    bool last_held = true;     ///< the last step held, or there was none
    bool unreachable = false;  ///< a connection was refused, or ended before an answer
    bool by_hand = false;      ///< it had a raw connection
    std::optional<Busy> busy;  ///< the last answer that asked to come back later
    bool operator==(const Met&) const = default;
  };
  /// Counts a request, and an upload that was made.
  void sent(std::uint64_t bytes);
  void made();
  [[nodiscard]] Traffic traffic() const;
  void step(const Step& step);
  void unreachable();
  void by_hand();
  void busy(Busy busy);
  [[nodiscard]] Met met() const;

 private:
  mutable std::mutex mutex_;
  std::string text_;
  bool full_ = false;
  std::optional<std::string> turned_away_;
  std::set<std::string> spoken_;
  Traffic traffic_;
  Met met_;
};

struct CaseResult {
  const Requirement* row = nullptr;
  Verdict verdict = Verdict::error;
  Outcome outcome;
  std::string transcript;
  std::set<std::string> spoken;  ///< the versions it was judged in: "HTTP/2", "raw HTTP/1.1"
  Traffic sent;
  std::chrono::milliseconds duration{0};
  bool ran = true;  ///< false: no verdict because the run ended before it
  Evidence::Met met;
};

struct RunnerOptions {
  std::size_t jobs = 4;
  Milliseconds case_timeout{std::chrono::seconds{60}};
  Milliseconds run_timeout{std::chrono::minutes{10}};
  /// A check that is still running this long after its time is abandoned.
  Milliseconds grace{std::chrono::seconds{2}};
  /// Asked often; true ends the run: cases that have no verdict get `error`.
  std::function<bool()> interrupted = [] { return false; };
  /// Asked before each case; an outcome ends the run: it is that of all cases that follow. May
  /// block, to wait for a target that is starting again.
  std::function<std::optional<Outcome>()> hopeless = [] { return std::nullopt; };
  /// Whether a case may get another verdict when it runs again, alone, after all others are done.
  std::function<bool(const CaseResult&)> unsure = [](const CaseResult&) { return false; };
  /// Asked before a case runs again, with what came of it the first time; false: that stays. May
  /// block. Cases are not run again when it is too late for them, or the run was interrupted.
  std::function<bool(const CaseResult&)> again = [](const CaseResult&) { return true; };
  /// Sees what came of running a case again.
  std::function<void(const CaseResult&)> ran_again = [](const CaseResult&) {};
};

/// Makes the context of one case; called on the thread that runs it.
using MakeContext = std::function<std::unique_ptr<Context>(
    const Requirement& row, std::shared_ptr<Evidence> evidence,
    std::chrono::steady_clock::time_point deadline)>;

/// Every check is isolated: what it throws becomes its verdict, and one that does not come back is
/// abandoned (its thread is left behind and only touches what it owns). A case that may run again
/// (RunnerOptions::unsure) gets its verdict after all others.
class Runner {
 public:
  Runner(RunnerOptions options, MakeContext make, std::vector<Case> cases);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// Ends the run as an interruption would, and waits for the pool.
  ~Runner();

  [[nodiscard]] std::size_t size() const;
  /// Blocks until case `index` has its verdict, calling `waiting` with the number of finished cases
  /// whenever that changes. The reference lives as long as the Runner.
  [[nodiscard]] const CaseResult& wait(
      std::size_t index, const std::function<void(std::size_t finished)>& waiting = {});
  /// How many have their verdict; never blocks.
  [[nodiscard]] std::size_t finished() const;
  /// Checks whose threads were left behind: the program must end without waiting for them.
  [[nodiscard]] std::size_t abandoned() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace conformance
