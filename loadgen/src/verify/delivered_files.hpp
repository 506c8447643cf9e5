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

/// The files below a folder by the run's file name that is part of theirs. Read once.
class DeliveredFiles {
 public:
  [[nodiscard]] static Result<DeliveredFiles> scan(const std::filesystem::path& folder,
                                                   const std::string& run_id);
  /// Every delivered file of the upload that was sent under `name`.
  [[nodiscard]] std::vector<std::filesystem::path> of(const std::string& name) const;

 private:
  std::multimap<std::string, std::filesystem::path> files_;  ///< "dex-loadgen-RUN-INDEX" -> file
};

/// Reads `file` and compares it; given up, with nothing found, once `stopped` says so.
[[nodiscard]] std::optional<Damage> compare(const std::filesystem::path& file,
                                            const Payload& payload,
                                            const std::function<bool()>& stopped);

}  // namespace loadgen
