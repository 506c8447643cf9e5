// The report for people.
#pragma once

#include <iosfwd>
#include <string>

#include "run/summary.hpp"

namespace conformance {

struct TerminalStyle {
  bool colour = false;
  bool progress = false;    ///< a line that is rewritten while checks run
  bool notes = false;       ///< print notes one by one, not only their number
  bool all = false;         ///< print every red row, not only its cause
  std::string rerun;        ///< the command line that repeats one row, without its --select
  std::string rerun_alone;  ///< the same with one row at a time
};
/// Colour only on a terminal and without NO_COLOR (no-color.org); a progress line only on a
/// terminal.
[[nodiscard]] TerminalStyle style_for(int fd);

/// Prints the run as it goes. Not thread-safe.
class TerminalReport {
 public:
  TerminalReport(std::ostream& out, TerminalStyle style);
  void begin(const TargetFacts& target, const std::string& run_id, std::size_t cases);
  void remark(const std::string& text);
  void progress(std::size_t finished, std::size_t all);
  /// Passes, skips and (without `notes`) notes are only counted, the rest is printed at once. But
  /// without `all`, a red row that a broken foundation may explain waits for its cause at the end.
  void judged(const Judgement& judgement);
  void end(const RunReport& report);

 private:
  void clear_progress();
  [[nodiscard]] std::string painted(Verdict verdict) const;
  /// Whether it may be told together with others, by their cause.
  [[nodiscard]] bool waits(const Judgement& judgement) const;
  void print(const Judgement& judgement);
  void print_cause(const Cause& cause, const RunReport& report);
  void print_excerpt(std::string_view transcript);
  /// Rows whose verdict is not the same each time, or not as on record.
  void print_changes(const RunReport& report);

  std::ostream& out_;
  TerminalStyle style_;
  bool progress_shown_ = false;
};

}  // namespace conformance
