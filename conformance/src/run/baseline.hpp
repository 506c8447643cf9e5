// Known deviations of one target (fixtures/baselines/*.json, which are built in).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "catalogue/catalogue.hpp"

namespace conformance {

struct Deviation {
  std::string requirement;
  std::vector<Verdict> expected;  ///< one; or several, where it differs from run to run
  std::string reason;
  std::string link;     ///< may be empty
  std::string expires;  ///< "2027-03-31"; empty: never. Red from that day on
};

struct Baseline {
  std::string target;  ///< for people
  std::vector<Deviation> deviations;
  /// nullptr when the baseline says nothing about that requirement.
  [[nodiscard]] const Deviation* find(std::string_view requirement) const;
};

/// Strict: unknown keys, ids that the catalogue does not have, and duplicates are Errors.
[[nodiscard]] Result<Baseline> parse_baseline(std::string_view text, const std::string& document,
                                              const Catalogue& catalogue);
/// One that is built in ("dex-2.8"), or a file. The Error for a name that is neither lists those
/// that are built in.
[[nodiscard]] Result<Baseline> load_baseline(const std::string& name_or_file,
                                             const Catalogue& catalogue);
/// "fail", "fail or pass"
[[nodiscard]] std::string to_string(const std::vector<Verdict>& expected);

/// What an entry means for the verdict that came.
enum class Standing {
  none,        ///< the baseline says nothing
  expected,    ///< as the entry says: not red
  unexpected,  ///< another verdict than the entry's, a pass included: red
  expired,     ///< the entry is out of date: red
};
[[nodiscard]] Standing standing(const Deviation* entry, Verdict verdict,
                                std::chrono::sys_days today);

}  // namespace conformance
