// Copies of files on this machine.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "payload/payload.hpp"
#include "protocol/error.hpp"
#include "verify/comparison.hpp"

namespace loadgen {

/// The files below a folder, as they were when it was read, by the run's file name that their names
/// contain.
class DeliveredFiles {
 public:
  [[nodiscard]] static Result<DeliveredFiles> scan(const std::filesystem::path& folder,
                                                   const std::string& run_id);
  /// Every delivered file of the upload that was sent under `name`.
  [[nodiscard]] std::vector<std::filesystem::path> of(const std::string& name) const;
  /// There is no file of any upload of the run.
  [[nodiscard]] bool empty() const { return files_.empty(); }

 private:
  std::multimap<std::string, std::filesystem::path> files_;  ///< "dex-loadgen-RUN-INDEX" -> file
};

/// What was found of the files that an upload was delivered to.
struct Delivered {
  std::optional<Damage> damage;         ///< of one of them
  std::optional<Cause> not_seen;        ///< one of them could not be read
  std::optional<Cause> more_than_once;  ///< two of them are in one folder
};

/// Reads `files` and compares them; given up, with nothing found, once `stopped` says so.
[[nodiscard]] Delivered compare(const std::vector<std::filesystem::path>& files,
                                const Payload& payload, const std::function<bool()>& stopped);

}  // namespace loadgen
