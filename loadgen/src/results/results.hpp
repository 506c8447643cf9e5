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

/// Of results.json. A reader takes its own only; whatever changes what a key means, or adds one,
/// makes it another.
inline constexpr std::uint64_t results_format = 1;

/// A group of partners, and what its uploads came to.
struct GroupResults {
  std::string name, system, network, payload, size;
  Stats stats;
};

struct PhaseResults {
  std::string name;
  PhaseKind kind = PhaseKind::hold;
  Milliseconds begin{0};              ///< from the start of the run
  std::optional<Milliseconds> lasts;  ///< nullopt: to its end
  Stats stats;
};

struct EventResults {
  std::string event;  ///< as in scenarios
  Milliseconds at{0}, lasts{0};
  int status = 0;                     ///< of what answers in the place of the service; 0: nothing
  double share = 1;                   ///< of the partners
  std::vector<std::string> partners;  ///< names of groups; empty: all
  std::string region;                 ///< empty: everywhere
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
  bool sampled = false;  ///< by its number alone, as any other of its seed and number
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
