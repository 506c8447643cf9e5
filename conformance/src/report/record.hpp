// What a run puts on record: its verdicts, and a baseline for review.
#pragma once

#include <string>
#include <vector>

#include "run/baseline.hpp"
#include "run/summary.hpp"
#include "verdicts/record.hpp"

namespace conformance {

/// The rows of a masked report. A row that was judged several times has each of its verdicts, and
/// its answer where that was always the same. Rows that were not run are left out.
[[nodiscard]] verdicts::Rows recorded_rows(const RunReport& report);

/// Whether there is something to put on record: the run came to its end, and judged rows.
[[nodiscard]] bool has_rows(const RunReport& report);

/// How a run was asked for, without secrets.
struct AskedBy {
  std::string command;             ///< for a shell
  std::vector<std::string> judge;  ///< those of its arguments that decide the verdicts
};
/// A document of fixtures/profiles/verdicts.schema.json.
[[nodiscard]] std::string record_json(const RunReport& report, const AskedBy& asked);

/// How long an entry that nobody has reviewed holds.
inline constexpr std::chrono::days unreviewed_for{30};
/// A document of fixtures/baselines/schema.json. The entries of `former` (nullptr: there are none)
/// stay as they are: a stale or expired one is red until a person takes it out. Each row that is
/// red without an entry gets one, marked as not reviewed, which expires.
[[nodiscard]] std::string updated_baseline(const RunReport& report, const Baseline* former,
                                           std::chrono::sys_days today);

}  // namespace conformance
