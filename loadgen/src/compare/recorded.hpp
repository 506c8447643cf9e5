// A run as its --report folder tells of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/error.hpp"

namespace loadgen {

/// A line of uploads.csv. Times are seconds from the beginning of the run.
struct RecordedUpload {
  std::uint64_t index = 0;
  bool good = false;   ///< every byte was found afterwards; with --verify none, acknowledged
  bool over = true;    ///< false: the run ended before it did
  double due = 0;      ///< when it should have started
  double started = 0;  ///< when it did
  std::optional<double> created, uploaded, ended, delivered;
  double sent = 0, acknowledged = 0;  ///< bytes
  double retries = 0;

  /// When its last byte was acknowledged, or it was given up; nullopt: that was not recorded.
  [[nodiscard]] std::optional<double> end() const { return uploaded ? uploaded : ended; }
};

/// What 0.1.0 wrote - no seconds.csv, no times of what failed, no groups - is read as well.
struct Recorded {
  std::string folder;  ///< as it was given
  std::string version, run_id, target, verdict;
  std::string system;
  std::uint64_t seed = 0;
  /// What was done, by the names that summary.json has for it: equal in runs that can be compared.
  std::vector<std::pair<std::string, std::string>> scenario;
  /// The same for groups and phases; nullopt: the report does not tell.
  std::optional<std::vector<std::pair<std::string, std::string>>> parts;
  std::map<std::string, double> summary;
  std::vector<RecordedUpload> uploads;  ///< by index
  /// Bytes acknowledged in each second from the beginning on; empty: the report does not tell.
  std::vector<double> acknowledged;
  double begin = 0, end = 0;  ///< of the load: from the first start to the last end

  [[nodiscard]] double elapsed() const { return end - begin; }
  /// A number of the summary, or 0.
  [[nodiscard]] double number(const std::string& name) const;
};

/// An Error names the file, and the line or the key in it. Files are bounded: 16 MiB of summary, a
/// GiB of each of the others, a month of load.
[[nodiscard]] Result<Recorded> read_recorded(const std::string& folder);

}  // namespace loadgen
