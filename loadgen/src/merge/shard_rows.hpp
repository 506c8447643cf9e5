// The two CSV files of a shard, row by row.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "merge/shard_file.hpp"
#include "protocol/error.hpp"
#include "scenario/roster.hpp"

namespace loadgen {

/// uploads.csv of a shard. Each row is held to what the scenario says of the upload: whose it is,
/// and how large. Does not own what it is made from.
class ShardUploads {
 public:
  /// Times count from Time{}, when the run began; this shard began `later`. `whose` is the roster
  /// of the shard.
  ShardUploads(const ShardFile& shard, const Roster& whose, Duration later);

  /// The next one; nullopt: there is none. An Error names file and line.
  [[nodiscard]] Result<std::optional<UploadResult>> next();

 private:
  const ShardFile& shard_;
  const Roster& roster_;
  Duration later_;
  std::string name_;
  std::ifstream in_;
  std::uint64_t line_ = 0;
  std::optional<std::uint64_t> former_;  ///< index
};

/// seconds.csv of a shard, in the order of their numbers.
[[nodiscard]] Result<std::vector<Second>> seconds_of(const ShardFile& shard);

}  // namespace loadgen
