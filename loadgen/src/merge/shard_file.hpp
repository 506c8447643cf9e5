// shard.json: what one machine of several leaves in its report for the run to be put together.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "protocol/error.hpp"
#include "run/run.hpp"

namespace loadgen {

inline constexpr const char* shard_file = "shard.json";

/// As it was read.
struct ShardFile {
  std::filesystem::path folder;
  Shard shard;
  std::string version;  ///< of the program
  std::string run_id;
  http::TimePoint began;
  Duration lasted{0};  ///< from there to the end of the load
  /// Of the whole run, and complete; made anew from the document that the shard left.
  std::shared_ptr<const Scenario> scenario;
  std::string sameness;  ///< `loadgen::sameness` of that document
  VerifyMethod verified_by = VerifyMethod::none;
  bool was_interrupted = false, gave_up = false;
  std::uint64_t removed = 0, left_behind = 0;
  std::vector<std::string> notes;
  std::uint64_t load_seconds = 0;
  Tally tally;  ///< moments as times from `began`
};

/// Writes it into `folder`, as the last file of a report: where it is new, so is all the rest. It
/// holds none of the run's secrets.
[[nodiscard]] Result<void> write_shard_file(const RunReport& report, const std::string& folder);
/// Removes the one that an earlier run left there.
void forget_shard_file(const std::string& folder);

/// Strictly: a file that is torn, of another version, or says what no run can have done is an
/// Error, which names the file and the place in it.
[[nodiscard]] Result<ShardFile> read_shard_file(const std::filesystem::path& folder);

}  // namespace loadgen
