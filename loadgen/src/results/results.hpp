// A finished run as one value: what results.json holds, and what the page, comparisons and mergers
// are made of. Nothing of it is secret, and all texts are printable (redact::printable).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "results/judge.hpp"
#include "scenario/scenario.hpp"
#include "stats/result.hpp"
#include "stats/second.hpp"
#include "stats/stats.hpp"

namespace loadgen {

/// The format of results.json. A reader takes only its own. It changes when a key gets another
/// meaning, or when one is added that must be there. Keys that may be missing (optional members
/// here) do not change it, so files of older versions can still be read.
inline constexpr std::uint64_t results_format = 1;

/// A group of partners, and what its uploads came to.
struct GroupResults {
  std::string name, system, network, payload, size;
  Stats stats;
  std::optional<std::string> region = {};  ///< empty: none; nullopt: not known (an old file)
  /// What its partners do, by the keys of scenarios; nullopt: there was no scenario file, or an old
  /// version wrote this.
  std::optional<std::vector<std::pair<std::string, std::string>>> settings = {};
};

struct PhaseResults {
  std::string name;
  PhaseKind kind = PhaseKind::hold;
  Milliseconds begin{0};              ///< from the start of the run
  std::optional<Milliseconds> lasts;  ///< nullopt: to its end
  Stats stats;
};

/// What happened in the time of an event: the uploads of its partners that were under way then
/// (from when they were due to their last byte, or to giving up), whether it met each of them or
/// not.
struct Toll {
  std::uint64_t uploads = 0;
  std::uint64_t retried = 0;             ///< of these, sent a request again
  std::uint64_t failed = 0;              ///< ... did not end well
  std::chrono::microseconds slowest{0};  ///< end to end, of those that ended
  bool operator==(const Toll&) const = default;
};

struct EventResults {
  std::string event;  ///< as in scenarios
  Milliseconds at{0}, lasts{0};
  int status = 0;                     ///< answered in place of the service; 0: nothing is
  double share = 1;                   ///< of the partners
  std::vector<std::string> partners;  ///< names of groups; empty: all
  std::string region;                 ///< empty: everywhere
  std::optional<Toll> toll = {};      ///< nullopt: not known (an old file)
  /// Whether it happens to partners of that group; of an old file, whether it may.
  [[nodiscard]] bool concerns(const GroupResults& group) const;
  [[nodiscard]] Milliseconds end() const { return at + lasts; }
  bool operator==(const EventResults&) const = default;
};

/// A second, and the latencies of the uploads that ended in it.
struct SecondResults {
  Second figures;
  BucketCounts end_to_end, service;
  bool operator==(const SecondResults&) const = default;
};

/// A single upload that is told in full.
struct Specimen {
  bool sampled = false;  ///< chosen by seed and number alone
  bool slow = false;     ///< one of the slowest
  bool bad = false;      ///< it did not end well
  UploadResult upload;
};

/// All times count from the start of the run, which is Time{} (in `seconds`: the whole seconds).
struct Results {
  std::string version;  ///< of the program that ran
  std::string run_id;
  std::string target;  ///< URL
  std::string system;
  std::string description;  ///< of the scenario
  std::uint64_t seed = 0;
  double scale = 1;
  std::chrono::milliseconds begun{0};  ///< the start of the run, as Unix time
  VerifyMethod verified_by = VerifyMethod::none;
  std::uint64_t removed = 0, left_behind = 0;  ///< by --cleanup
  std::vector<std::string> notes;
  /// Flags without their hyphens, and what they were set to in the end, defaults included.
  std::vector<std::pair<std::string, std::string>> settings;
  Rules rules;
  Ending ending;
  Stats stats;
  std::vector<GroupResults> groups;  ///< one at least, if there was a load
  std::vector<PhaseResults> phases;  ///< likewise
  std::vector<EventResults> events;
  std::vector<SecondResults> seconds;
  std::vector<Specimen> specimens;  ///< by the number of the upload

  [[nodiscard]] ExitCode exit_code() const { return exit_code_of(stats, rules, ending); }
  [[nodiscard]] std::string verdict() const { return verdict_of(stats, rules, ending); }
};

}  // namespace loadgen
